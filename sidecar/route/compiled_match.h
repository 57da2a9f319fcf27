#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/grpc_route.h"
#include "sidecar/http/message.h"

namespace re2 {
class RE2;
}

namespace skiff {

// One HTTPRouteMatch or GRPCRouteMatch, made ready: regular expressions built, names in lower case.
// Immutable; any thread may ask it.
class CompiledMatch final {
 public:
  explicit CompiledMatch(const HTTPRouteMatch& match);
  // Of a service and a method as they are: an exact path. Of a service: a prefix. Of others: the
  // prefix `/`, whose path must meet an expression.
  explicit CompiledMatch(const GRPCRouteMatch& match);
  CompiledMatch(const CompiledMatch&) = delete;
  CompiledMatch& operator=(const CompiledMatch&) = delete;
  ~CompiledMatch();

  PathMatch::Type path_type() const { return path_type_; }
  // Of a prefix without the slash at its end, so that `/` is empty.
  const std::string& path() const { return path_; }

  // Whether the request meets all that is asked beside an exact path or a prefix, which the caller
  // has looked up. A regular expression is asked here.
  bool holds(const Request& request) const { return plain_ || holds_all(request); }

  // Whether this is to be tried before `other` when both are for the same path: with more
  // characters of a gRPC service, of its method; with a method; with more headers; with more query
  // parameters.
  bool more_specific_than(const CompiledMatch& other) const;

 private:
  struct Condition;  // On a header or a query parameter.

  void add_headers(const std::vector<NamedMatch>& headers);
  bool holds_all(const Request& request) const;

  PathMatch::Type path_type_;
  std::string path_;
  std::unique_ptr<const re2::RE2> path_regex_;
  std::string method_;
  std::vector<Condition> headers_;
  std::vector<Condition> query_params_;
  bool is_grpc_ = false;                // Only a POST of a content type `application/grpc…`.
  std::size_t characters_[2] = {0, 0};  // Of a gRPC service and method that are no exact path.
  bool plain_ = false;
};

}  // namespace skiff
