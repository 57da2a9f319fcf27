#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sample-services/common/client.h"
#include "sample-services/common/router.h"

namespace skiff::shop {

// A client that hands each call to a router in this process, and can lose calls and answers.
class FakeMesh final : public ServiceClient {
 public:
  enum class Fault {
    lost_call,   // The service never sees it.
    lost_answer  // The service does it, and the caller does not learn so.
  };

  void add(const std::string& service, const Router& router) { routers_[service] = &router; }

  // From now on calls whose target begins with `target` meet `fault`.
  void break_calls(std::string target, Fault fault) { faults_.emplace_back(target, fault); }
  void mend() { faults_.clear(); }

  // `POST product /stock/decrease`, in order.
  const std::vector<std::string>& calls() const { return calls_; }
  const http::fields& last_headers() const { return last_headers_; }

  boost::asio::awaitable<Result<Answer, Unavailable>> call(Call call) override {
    calls_.push_back(std::string(http::to_string(call.method)) + ' ' + call.service + ' ' +
                     call.target);
    last_headers_ = call.headers;
    const Fault* fault = fault_of(call.target);
    if (fault && *fault == Fault::lost_call) co_return Unavailable{call.service, "lost"};
    Reply reply = co_await routers_.at(call.service)->answer(to_request(call));
    if (fault) co_return Unavailable{call.service, "lost"};
    co_return Answer{reply.status, std::move(reply.body.as_object())};
  }

 private:
  static Request to_request(const Call& call) {
    Request request;
    request.method = call.method;
    request.path = call.target;
    request.headers = call.headers;
    if (!call.idempotency_key.empty()) request.headers.set("Idempotency-Key", call.idempotency_key);
    if (call.body) request.body = to_text(*call.body);
    return request;
  }

  const Fault* fault_of(const std::string& target) const {
    for (const auto& [prefix, fault] : faults_) {
      if (target.starts_with(prefix)) return &fault;
    }
    return nullptr;
  }

  std::map<std::string, const Router*> routers_;
  std::vector<std::pair<std::string, Fault>> faults_;
  std::vector<std::string> calls_;
  http::fields last_headers_;
};

}  // namespace skiff::shop
