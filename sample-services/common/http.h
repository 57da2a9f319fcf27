#pragma once

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sample-services/common/fields.h"
#include "sample-services/common/json.h"

namespace skiff::shop {

namespace http = boost::beast::http;

// One request as a handler sees it.
struct Request {
  http::verb method = http::verb::get;
  std::string path;   // Without the query.
  std::string query;  // Without the question mark.
  http::fields headers;
  std::string body;
  std::vector<std::int64_t> ids;  // What stood in place of each `{id}` of the route's pattern.

  // The `Idempotency-Key` header; empty where there is none.
  std::string idempotency_key() const { return std::string(headers["Idempotency-Key"]); }
};

// One answer of a handler; always JSON.
struct Reply {
  http::status status = http::status::ok;
  json::value body;
};

Reply error_reply(http::status status, std::string_view message);

// 400 with the field's name beside the sentence.
Reply refusal(const FieldError& error);

// The whole number that `name` has in a query such as `limit=10&from=3`, held into `range`;
// `otherwise` where it is absent or no number.
std::int64_t query_integer(std::string_view query, std::string_view name, std::int64_t otherwise,
                           Range range);

// Reads `body` with `read(FieldReader&)`, and answers what that returned or the 400 for the body.
template <typename Read>
auto read_body(std::string_view body, Read read)
    -> Result<decltype(read(std::declval<FieldReader&>())), Reply> {
  const auto object = parse_object(body);
  if (!object) return error_reply(http::status::bad_request, object.error());
  std::optional<FieldError> error;
  FieldReader fields(*object, error);
  auto value = read(fields);
  if (error) return refusal(*error);
  return value;
}

// The key that a body `{"reverses": KEY}` names; empty where it names none.
Result<std::string, Reply> read_reverses(std::string_view body);

}  // namespace skiff::shop
