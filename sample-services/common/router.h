#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sample-services/common/http.h"

namespace skiff::shop {

namespace asio = boost::asio;

// Which handler answers a request. Patterns are paths whose segments are literal or `{id}`, which
// takes a whole number from 0; the first pattern that was added wins. Filled before it serves.
class Router final {
 public:
  using Handler = std::function<asio::awaitable<Reply>(const Request&)>;
  using PlainHandler = std::function<Reply(const Request&)>;

  // For a handler that waits for others.
  void add_waiting(http::verb method, std::string pattern, Handler handler);

  // For a handler that answers at once.
  void add(http::verb method, std::string pattern, PlainHandler handler);

  // The answer to `request`: its handler's; 404 or 405 where there is none; 500 where the handler
  // threw, with the reason on stderr only.
  asio::awaitable<Reply> answer(Request request) const;

 private:
  struct Route {
    http::verb method;
    std::string pattern;
    Handler handler;
  };

  const Route* find(Request& request, bool& path_known) const;

  std::vector<Route> routes_;
};

}  // namespace skiff::shop
