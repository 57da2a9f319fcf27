#include "sidecar/http/grpc.h"

#include "base/whole_number.h"

namespace skiff {
namespace {

constexpr std::int8_t last_status = 16;  // UNAUTHENTICATED.
constexpr std::size_t most_digits = 8;

// Zero: there is no such unit.
Duration unit_of(char letter) {
  switch (letter) {
    case 'H':
      return std::chrono::hours(1);
    case 'M':
      return std::chrono::minutes(1);
    case 'S':
      return std::chrono::seconds(1);
    case 'm':
      return std::chrono::milliseconds(1);
    case 'u':
      return std::chrono::microseconds(1);
    case 'n':
      return std::chrono::nanoseconds(1);
    default:
      return Duration::zero();
  }
}

}  // namespace

bool names_grpc(const Headers& headers) {
  constexpr std::string_view grpc = "application/grpc";
  const Field* const type = headers.find(FieldId::content_type);
  if (type == nullptr || !equals_ignoring_case(type->value().substr(0, grpc.size()), grpc))
    return false;
  const std::string_view rest = type->value().substr(grpc.size());
  return rest.empty() || rest[0] == '+' || rest[0] == ';' || rest[0] == ' ';
}

std::int8_t grpc_status_in(const Headers& headers) {
  const Field* const field = headers.find(FieldId::grpc_status);
  if (field == nullptr) return -1;
  const auto status = whole_number<std::uint8_t>(field->value());
  return !status || *status > last_status ? std::int8_t{-1} : static_cast<std::int8_t>(*status);
}

std::optional<Duration> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > most_digits + 1) return std::nullopt;
  const Duration unit = unit_of(text.back());
  const auto count = whole_number<std::uint32_t>(text.substr(0, text.size() - 1));
  if (unit == Duration::zero() || !count) return std::nullopt;
  // The largest, 99,999,999 hours, is more than there are nanoseconds in 63 bits.
  constexpr Duration most = std::chrono::hours(24 * 365);
  return *count > most / unit ? most : unit * *count;
}

}  // namespace skiff
