#include "sidecar/codec/http1_special.h"

#include <algorithm>
#include <limits>

namespace skiff {
namespace {

constexpr std::uint32_t most_options = 32;
constexpr std::uint32_t spare_fields = 16;  // For those that stages add.

constexpr FieldIds special_fields =
    bit(FieldId::connection) | bit(FieldId::content_length) | bit(FieldId::expect) |
    bit(FieldId::host) | bit(FieldId::http2_settings) | bit(FieldId::keep_alive) |
    bit(FieldId::proxy_authenticate) | bit(FieldId::proxy_authorization) |
    bit(FieldId::proxy_connection) | bit(FieldId::te) | bit(FieldId::transfer_encoding) |
    bit(FieldId::upgrade);

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// Cuts the part before the first comma off `list`.
std::string_view next_element(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view element = trimmed(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return element;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

// Calls `each` with every token of a Connection field; empty elements do not count.
template <typename Each>
bool for_each_option(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::string_view option = next_element(list);
    if (option.empty()) continue;
    if (!is_token(option)) return false;
    each(option);
  }
  return true;
}

// Notes an option that has a meaning of its own, or returns false.
bool take_known_option(std::string_view option, Http1Special& special) {
  switch (field_id(option)) {  // Two of the three are names of fields, too.
    case FieldId::keep_alive:
      return special.keep_alive = true;
    case FieldId::upgrade:
      return special.upgrade_option = true;
    default:
      return equals_ignoring_case(option, "close") && (special.close = true);
  }
}

void take_connection(std::string_view value, Http1Special& special) {
  if (take_known_option(value, special)) return;
  const bool is_list = for_each_option(value, [&](std::string_view option) {
    if (!take_known_option(option, special)) ++special.options;
  });
  if (!is_list || special.options > most_options) special.malformed = true;
}

void take_expect(std::string_view value, Http1Special& special) {
  const bool known = equals_ignoring_case(value, "100-continue");
  (known ? special.expects_continue : special.expects_other) = true;
}

void take_te(std::string_view value, Http1Special& special) {
  while (!value.empty())
    if (equals_ignoring_case(next_element(value), "trailers")) special.trailers = true;
}

void take_special(FieldId id, std::string_view value, Http1Special& special) {
  switch (id) {
    case FieldId::connection:
      return take_connection(value, special);
    case FieldId::content_length:
      ++special.lengths;
      special.length = value;
      return;
    case FieldId::expect:
      return take_expect(value, special);
    case FieldId::host:
      ++special.hosts;
      special.host = value;
      return;
    case FieldId::proxy_connection:  // Means nothing (RFC 9112, C.2.2), but not just anything.
      if (!for_each_option(value, [](std::string_view) {})) special.malformed = true;
      return;
    case FieldId::te:
      return take_te(value, special);
    case FieldId::transfer_encoding:
      return special.transfer.take(value);
    case FieldId::upgrade:
      ++special.upgrades;
      special.upgrade = value;
      return;
    default:
      return;
  }
}

// A60: what others decide by stays, whatever a Connection field names.
void remove_named(const ScannedFields& fields, Headers& headers) {
  for (const Field& field : fields) {
    if (field.id != FieldId::connection) continue;
    for_each_option(field.value(), [&](std::string_view option) {
      if (!is_protected(option)) headers.remove(option);
    });
  }
}

}  // namespace

void TransferCodings::take(std::string_view value) {
  any_ = true;
  if (value.ends_with(',')) malformed_ = true;
  do take_one(next_element(value));
  while (!value.empty());
}

void TransferCodings::take_one(std::string_view coding) {
  const auto* const name_end = std::find_if_not(coding.begin(), coding.end(), is_token_byte);
  const auto name_size = static_cast<std::size_t>(name_end - coding.begin());
  const std::string_view parameters = trimmed(coding.substr(name_size));
  const bool no_token = name_size == 0 || (!parameters.empty() && parameters[0] != ';');
  if (no_token || chunked_) malformed_ = true;
  if (!equals_ignoring_case(coding.substr(0, name_size), "chunked")) {
    others_ = true;
    return;
  }
  chunked_ = true;
  if (!parameters.empty()) malformed_ = true;
}

void sort_fields(const ScannedFields& fields, const char* from, const char* to, Arena& arena,
                 Http1Special& special, Headers& headers) {
  headers = Headers();
  headers.reserve(arena, fields.count + spare_fields);
  for (Field field : fields) {
    field.name_at = to + (field.name_at - from);
    field.value_at = to + (field.value_at - from);
    if ((special_fields & bit(field.id)) == 0) {
      headers.push_back(arena, field);
    } else {
      take_special(field.id, field.value(), special);
    }
  }
  if (special.options > 0 && !special.malformed) remove_named(fields, headers);
}

bool parse_content_length(std::string_view text, std::uint64_t& length) {
  constexpr std::size_t most_digits = std::numeric_limits<std::int64_t>::digits10 + 1;
  if (text.empty() || text.size() > most_digits) return false;
  length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

}  // namespace skiff
