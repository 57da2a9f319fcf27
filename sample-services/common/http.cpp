#include "sample-services/common/http.h"

#include <algorithm>
#include <charconv>

namespace skiff::shop {

Reply error_reply(http::status status, std::string_view message) {
  return {status, error_body(message)};
}

Reply refusal(const FieldError& error) {
  json::object body = error_body(error.message);
  body["field"] = error.field;
  return {http::status::bad_request, std::move(body)};
}

std::int64_t query_integer(std::string_view query, std::string_view name, std::int64_t otherwise,
                           Range range) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (!pair.starts_with(name) || pair.substr(name.size(), 1) != "=") continue;
    const std::string_view text = pair.substr(name.size() + 1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) {
      return std::clamp(number, range.least, range.most);
    }
  }
  return otherwise;
}

Result<std::string, Reply> read_reverses(std::string_view body) {
  return read_body(body, [](FieldReader& fields) {
    return fields.has("reverses") ? fields.text("reverses") : std::string();
  });
}

}  // namespace skiff::shop
