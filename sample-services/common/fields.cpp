#include "sample-services/common/fields.h"

#include <boost/json/array.hpp>

namespace skiff::shop {

namespace {

std::string expectation(Range range) {
  if (range.least == positive.least && range.most == positive.most) return "must be at least 1";
  return "must be from " + std::to_string(range.least) + " to " + std::to_string(range.most);
}

std::optional<double> number_of(const json::value& value) {
  if (const auto* real = value.if_double()) return *real;
  if (const auto* whole = value.if_int64()) return static_cast<double>(*whole);
  return std::nullopt;
}

}  // namespace

std::int64_t FieldReader::integer(std::string_view name, Range range) {
  const json::value* value = find(name);
  if (!value) return range.least;
  const std::int64_t* number = value->if_int64();
  if (!number) {
    refuse(name, "must be an integer");
  } else if (*number < range.least || *number > range.most) {
    refuse(name, expectation(range));
  } else {
    return *number;
  }
  return range.least;
}

std::string FieldReader::text(std::string_view name, std::size_t most_bytes) {
  const json::value* value = find(name);
  if (!value) return {};
  const json::string* text = value->if_string();
  if (!text) {
    refuse(name, "must be a string");
  } else if (text->empty() || text->size() > most_bytes) {
    refuse(name, "must have 1 to " + std::to_string(most_bytes) + " bytes");
  } else {
    return std::string(*text);
  }
  return {};
}

Money FieldReader::money(std::string_view name) {
  const json::value* value = find(name);
  if (!value) return {};
  const auto number = number_of(*value);
  const auto amount = number ? money_from_decimal(*number) : std::nullopt;
  if (!amount) refuse(name, "must be a number from 0 to 10000000 with at most two decimals");
  return amount.value_or(Money{});
}

std::vector<FieldReader> FieldReader::objects(std::string_view name, std::size_t most) {
  std::vector<FieldReader> readers;
  const json::array* items = array(name, 1, most);
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    const std::string item = std::string(name) + '[' + std::to_string(i) + ']';
    const json::object* object = (*items)[i].if_object();
    if (!object) {
      refuse(item, "must be an object");
      return {};
    }
    readers.emplace_back(*object, *error_, path_ + item + '.');
  }
  return readers;
}

std::vector<std::int64_t> FieldReader::integers(std::string_view name, std::size_t most) {
  std::vector<std::int64_t> numbers;
  const json::array* items = array(name, 0, most);
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    const std::int64_t* number = (*items)[i].if_int64();
    if (!number) {
      refuse(std::string(name) + '[' + std::to_string(i) + ']', "must be an integer");
      return {};
    }
    numbers.push_back(*number);
  }
  return numbers;
}

std::int64_t FieldReader::integer_or(std::string_view name, std::int64_t otherwise, Range range) {
  return absent(name) ? otherwise : integer(name, range);
}

std::string FieldReader::text_or(std::string_view name, std::string_view otherwise) {
  return absent(name) ? std::string(otherwise) : text(name);
}

void FieldReader::refuse(std::string_view name, std::string_view message) {
  if (*error_) return;
  const std::string field = path_ + std::string(name);
  *error_ = FieldError{field, "field '" + field + "' " + std::string(message)};
}

const json::value* FieldReader::find(std::string_view name) {
  const json::value* value = object_->if_contains(name);
  if (!value) refuse(name, "is missing");
  return value;
}

const json::array* FieldReader::array(std::string_view name, std::size_t least, std::size_t most) {
  const json::value* value = find(name);
  if (!value) return nullptr;
  const json::array* items = value->if_array();
  if (items && items->size() >= least && items->size() <= most) return items;
  refuse(name,
         items ? "must have " + std::to_string(least) + " to " + std::to_string(most) + " elements"
               : "must be an array");
  return nullptr;
}

bool FieldReader::absent(std::string_view name) const {
  const json::value* value = object_->if_contains(name);
  return !value || value->is_null();
}

}  // namespace skiff::shop
