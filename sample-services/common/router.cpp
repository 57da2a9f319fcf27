#include "sample-services/common/router.h"

#include <charconv>
#include <exception>
#include <iostream>

namespace skiff::shop {

namespace {

// Cuts the first segment off a path that begins with a slash.
std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool read_id(std::string_view segment, std::vector<std::int64_t>& ids) {
  std::int64_t id = 0;
  const char* end = segment.data() + segment.size();
  const auto [stop, error] = std::from_chars(segment.data(), end, id);
  if (error != std::errc() || stop != end || id < 0) return false;
  ids.push_back(id);
  return true;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::int64_t>& ids) {
  ids.clear();
  while (pattern.starts_with('/') && path.starts_with('/')) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view segment = next_segment(path);
    if (wanted == "{id}" ? !read_id(segment, ids) : wanted != segment) return false;
  }
  return pattern.empty() && path.empty();
}

}  // namespace

void Router::add_waiting(http::verb method, std::string pattern, Handler handler) {
  routes_.push_back({method, std::move(pattern), std::move(handler)});
}

void Router::add(http::verb method, std::string pattern, PlainHandler handler) {
  add_waiting(method, std::move(pattern),
              [handler = std::move(handler)](const Request& request) -> asio::awaitable<Reply> {
                co_return handler(request);
              });
}

asio::awaitable<Reply> Router::answer(Request request) const {
  bool path_known = false;
  const Route* route = find(request, path_known);
  if (!route && path_known) {
    co_return error_reply(http::status::method_not_allowed, "Method not allowed");
  }
  if (!route) co_return error_reply(http::status::not_found, "Not found");
  try {
    co_return co_await route->handler(request);
  } catch (const std::exception& error) {
    std::cerr << "error: " << request.path << ": " << error.what() << "\n";
  }
  co_return error_reply(http::status::internal_server_error, "Internal error");
}

const Router::Route* Router::find(Request& request, bool& path_known) const {
  const http::verb method = request.method == http::verb::head ? http::verb::get : request.method;
  for (const Route& route : routes_) {
    if (!matches(route.pattern, request.path, request.ids)) continue;
    if (route.method == method) return &route;
    path_known = true;
  }
  return nullptr;
}

}  // namespace skiff::shop
