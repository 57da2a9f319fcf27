#pragma once

#include <string>
#include <utility>

#include "sample-services/common/router.h"
#include "tests/support/shop/await.h"

namespace skiff::shop {

// What `router` answers to a request. `key` is its Idempotency-Key, where it has one.
inline Reply ask(const Router& router, http::verb method, std::string path, std::string body = "",
                 const std::string& key = "") {
  Request request;
  request.method = method;
  const std::size_t question = path.find('?');
  request.path = path.substr(0, question);
  if (question != std::string::npos) request.query = path.substr(question + 1);
  request.body = std::move(body);
  if (!key.empty()) request.headers.set("Idempotency-Key", key);
  return await(router.answer(std::move(request)));
}

inline Reply get(const Router& router, std::string path) {
  return ask(router, http::verb::get, std::move(path));
}

inline Reply post(const Router& router, std::string path, std::string body,
                  const std::string& key = "") {
  return ask(router, http::verb::post, std::move(path), std::move(body), key);
}

}  // namespace skiff::shop
