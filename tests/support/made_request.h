#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "sidecar/http/arena.h"
#include "sidecar/http/message.h"

namespace skiff::testing {

// A request as the codec would have read it.
class MadeRequest final {
 public:
  using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit MadeRequest(std::string_view target, Fields fields = {},
                       std::string_view method = "GET") {
    request_.method_name = arena_.copy(method);
    request_.authority = "shop.example.com";
    request_.target = arena_.copy(target);
    request_.path = request_.target.substr(0, request_.target.find('?'));
    if (request_.path.size() < request_.target.size())
      request_.query = request_.target.substr(request_.path.size() + 1);
    for (const auto& [name, value] : fields)
      request_.headers.add(arena_, arena_.copy(name), arena_.copy(value));
  }

  Request& operator*() { return request_; }
  Request* operator->() { return &request_; }
  operator const Request&() const { return request_; }
  Arena& arena() { return arena_; }

 private:
  Arena arena_;
  Request request_;
};

}  // namespace skiff::testing
