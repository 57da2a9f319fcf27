#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sample-services/common/json.h"
#include "sample-services/common/money.h"

namespace skiff::shop {

// Why a body was refused, and which field was to blame: `items[0].quantity`.
struct FieldError {
  std::string field;
  std::string message;  // A whole sentence that names the field.
};

// What a number may be, both ends included.
struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

inline constexpr Range positive{1, std::numeric_limits<std::int64_t>::max()};

// Reads the fields of one JSON object by type. The first field that is missing or wrong is kept in
// `error`; what is read after it, or instead of it, is a harmless default. So a handler reads all
// that it needs and asks once. `object` and `error` outlive the reader.
class FieldReader final {
 public:
  FieldReader(const json::object& object, std::optional<FieldError>& error, std::string path = "")
      : object_(&object), error_(&error), path_(std::move(path)) {}

  bool has(std::string_view name) const { return object_->contains(name); }

  // These demand the field.
  std::int64_t integer(std::string_view name, Range range = {});
  std::string text(std::string_view name, std::size_t most_bytes = 200);
  Money money(std::string_view name);
  std::vector<FieldReader> objects(std::string_view name, std::size_t most);  // At least one.
  std::vector<std::int64_t> integers(std::string_view name, std::size_t most);

  // These answer the default where the field is absent or null.
  std::int64_t integer_or(std::string_view name, std::int64_t otherwise, Range range = {});
  std::string text_or(std::string_view name, std::string_view otherwise);

  // Holds `message`, which follows the field's name, against a field that was read well.
  void refuse(std::string_view name, std::string_view message);

 private:
  const json::value* find(std::string_view name);
  const json::array* array(std::string_view name, std::size_t least, std::size_t most);
  bool absent(std::string_view name) const;

  const json::object* object_;
  std::optional<FieldError>* error_;
  std::string path_;  // Of this object in the body, with its dot; empty at the top.
};

}  // namespace skiff::shop
