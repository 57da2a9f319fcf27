#include "sidecar/policy/keeping.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace skiff {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `visit` with each item of a list, without what follows `=` or `;` in it.
template <typename Visit>
void for_each_item(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, comma);
    visit(trimmed(item.substr(0, item.find_first_of("=;"))));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// What Cache-Control of either side says.
struct CacheControl {
  bool no_store = false;
  bool refuses_stale = false;
  bool is_public = false;

  void read(std::string_view value) {
    constexpr std::array<std::string_view, 5> fresh_only = {
        "private", "no-cache", "must-revalidate", "proxy-revalidate", "s-maxage"};
    for_each_item(value, [&](std::string_view item) {
      no_store |= equals_ignoring_case(item, "no-store");
      is_public |= equals_ignoring_case(item, "public");
      refuses_stale |= std::ranges::any_of(
          fresh_only, [item](std::string_view one) { return equals_ignoring_case(item, one); });
    });
  }
};

// Shows who asks, or asks for a part only; or must not be kept.
struct Asked {
  bool has_credential = false;
  bool is_whole = true;
  CacheControl control{};
};

Asked read_request(const Exchange& exchange) {
  Asked asked{.has_credential = !exchange.client_identity.empty()};
  for (const Field& field : exchange.request.headers) {
    if (field.id == FieldId::authorization || field.id == FieldId::cookie) {
      asked.has_credential = true;
    } else if (field.id != FieldId::other) {
      continue;
    } else if (equals_ignoring_case(field.name(), "cache-control")) {
      asked.control.read(field.value());
    } else if (equals_ignoring_case(field.name(), "range")) {
      asked.is_whole = false;
    }
  }
  return asked;
}

// Seconds; what is no number is 0, and what is too large the most. Source: RFC 9111, 1.2.2 and 5.1.
std::uint32_t read_age(std::string_view text) {
  std::uint32_t age = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), age).ec;
  return error == std::errc::result_out_of_range ? UINT32_MAX : age;
}

// What the answer's head says of keeping it.
struct Said {
  CacheControl control;
  bool is_for_all = true;  // No cookie, and varies with Accept-Encoding at most.
  bool by_encoding = false;
  bool is_degraded = false;
  std::uint32_t age = 0;  // Seconds.

  void read(const Field& field) {
    const std::string_view name = field.name();
    if (equals_ignoring_case(name, "cache-control")) {
      control.read(field.value());
    } else if (equals_ignoring_case(name, "set-cookie")) {
      is_for_all = false;
    } else if (equals_ignoring_case(name, "vary")) {
      for_each_item(field.value(), [this](std::string_view item) {
        const bool is_encoding = equals_ignoring_case(item, "accept-encoding");
        by_encoding |= is_encoding;
        is_for_all &= is_encoding;
      });
    } else if (equals_ignoring_case(name, "age")) {
      age = std::max(age, read_age(field.value()));
    } else if (equals_ignoring_case(name, "x-skiff-degraded")) {
      is_degraded = true;
    }
  }
};

// Left out of what is kept: it is said anew.
bool is_said_anew(const Field& field) { return equals_ignoring_case(field.name(), "age"); }

// The answer as it passes to the client.
class KeepingSink final : public BodySink {
 public:
  KeepingSink(Exchange& exchange, std::size_t most, AnswerStore& store, const Clock& clock)
      : client_(*exchange.client_sink),
        arena_(exchange.arena),
        store_(store),
        clock_(clock),
        most_(most) {}

  void begin(const Response& response, std::string_view key, Duration age) {
    key_ = key;
    age_ = age;
    std::size_t size = 0;
    for (const Field& field : response.headers) size += field.name_size + field.value_size + 4u;
    reserve(size + (response.body == BodyKind::length ? response.content_length : 0));
    for (const Field& field : response.headers) {
      if (is_said_anew(field)) continue;
      for (const std::string_view part :
           {field.name(), std::string_view(": "), field.value(), std::string_view("\r\n")})
        append(part);
    }
    head_size_ = size_;
  }

  void data(std::string_view bytes) override {
    if (is_kept_) is_kept_ = size_ - head_size_ + bytes.size() <= most_;
    if (is_kept_) append(bytes);
    client_.data(bytes);
  }
  void end(const Headers& trailers) override {
    if (is_kept_ && trailers.size() == 0) {
      store_.put(key_, {text_, size_}, head_size_, age_, clock_.now());
    }
    client_.end(trailers);
  }
  void abort(const Error& error) override { client_.abort(error); }
  bool flush() override { return client_.flush(); }

 private:
  void reserve(std::size_t size) {
    if (size <= capacity_) return;
    capacity_ = std::max(size, 2 * capacity_);
    char* const larger = arena_.allocate(capacity_, 1);
    if (size_ > 0) std::memcpy(larger, text_, size_);
    text_ = larger;
  }
  void append(std::string_view bytes) {
    reserve(size_ + bytes.size());
    std::copy(bytes.begin(), bytes.end(), text_ + size_);
    size_ += bytes.size();
  }

  BodySink& client_;
  Arena& arena_;
  AnswerStore& store_;
  const Clock& clock_;
  const std::size_t most_;
  std::string_view key_;
  Duration age_{};
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t head_size_ = 0;
  bool is_kept_ = true;
};

}  // namespace

bool may_be_answered(const Exchange& exchange) {
  const Request& request = exchange.request;
  return (request.method == Method::get || request.method == Method::head) &&
         request.version != Version::bytes && request.upgrade.empty();
}

std::string_view store_key(Exchange& exchange, bool by_encoding) {
  const Request& request = exchange.request;
  std::string_view encoding;
  if (by_encoding) {
    const Field* const field = request.headers.find(FieldId::accept_encoding);
    if (field != nullptr) encoding = field->value();
  }
  // Neither of the first two has a space in it.
  const std::array<std::string_view, 5> parts = {request.authority, " ", request.target,
                                                 by_encoding ? " " : "", encoding};
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char* const key = exchange.arena.allocate(size, 1);
  char* at = key;
  for (const std::string_view part : parts) at = std::copy(part.begin(), part.end(), at);
  return {key, size};
}

std::optional<Keeping> keeping_of(const Exchange& exchange, const Response& response) {
  if (exchange.request.method != Method::get || !may_be_answered(exchange)) return std::nullopt;
  // One that only the connection's end ends may have been cut off.
  if (response.status != 200 || response.body == BodyKind::close) return std::nullopt;
  const Asked asked = read_request(exchange);
  if (!asked.is_whole || asked.control.no_store) return std::nullopt;
  Said said;
  for (const Field& field : response.headers) said.read(field);
  if (said.control.no_store || said.control.refuses_stale || !said.is_for_all || said.is_degraded)
    return std::nullopt;
  if (asked.has_credential && !said.control.is_public) return std::nullopt;
  return Keeping{said.by_encoding, std::chrono::seconds(said.age)};
}

void keep_answer(Exchange& exchange, const Response& response, const Keeping& keeping,
                 std::size_t most, AnswerStore& store, const Clock& clock) {
  if (response.body == BodyKind::length && response.content_length > most) return;
  auto* const sink = exchange.arena.make<KeepingSink>(exchange, most, store, clock);
  sink->begin(response, store_key(exchange, keeping.by_encoding), keeping.age);
  exchange.client_sink = sink;
}

void restore_head(const AnswerStore::Found& found, Arena& arena, Response& response) {
  response = {};
  response.status = 200;
  response.reason_phrase = "OK";
  std::string_view head = arena.copy(found.answer->head());
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const std::size_t colon = line.find(": ");
    response.headers.add(arena, line.substr(0, colon), line.substr(colon + 2));
    head.remove_prefix(line.size() + 2);
  }
  char digits[20];
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(found.age).count();
  const auto end = std::to_chars(digits, digits + sizeof digits, age).ptr;
  response.headers.add(arena, "age", arena.copy({digits, static_cast<std::size_t>(end - digits)}));
  response.body = BodyKind::length;
  response.has_length = true;
  response.content_length = found.answer->body().size();
}

}  // namespace skiff
