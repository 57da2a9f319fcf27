#pragma once

#include <jansson.h>

#include <memory>
#include <string>
#include <string_view>

namespace skiff {

struct FreeJson {
  void operator()(json_t* value) const { json_decref(value); }
};
using JsonPtr = std::unique_ptr<json_t, FreeJson>;

// The JSON object that is the whole of `text`: UTF-8, no name twice in one object, no NUL in a
// text, no number that does not fit. Null, and why in `reason`, where it is something else.
JsonPtr read_json_object(std::string_view text, std::string* reason = nullptr);

// The text of a member; `data()` is null where there is none or it is no text. Lives as long as
// `object`, which may be null.
std::string_view text_member(const json_t* object, const char* name);
// The same of any value; null where it is no text.
std::string_view text_of(const json_t* value);

}  // namespace skiff
