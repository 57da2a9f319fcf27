#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace skiff::shop {

namespace json = boost::json;

// The JSON object that `text` is, or what is wrong with the text, in a sentence for the caller.
Result<json::object, std::string> parse_object(std::string_view text);

// `value` as compact JSON. Differs from Boost's own text in numbers: 19.99, not 1.999E1.
std::string to_text(const json::value& value);

// {"error": message}: the body of every answer that is not a success.
json::object error_body(std::string_view message);

}  // namespace skiff::shop
