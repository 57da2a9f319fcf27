#include "sidecar/policy/rate_limit.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace skiff {
namespace {

// What was rounded up to parts of a token makes no second more.
std::uint64_t seconds_up(Duration time) {
  const Duration rounded = std::max(time - std::chrono::microseconds(1), Duration::zero());
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(rounded).count());
}

constexpr char limit_begin[] = "ratelimit-limit: ";
constexpr char remaining_begin[] = "ratelimit-remaining: ";
constexpr char reset_begin[] = "ratelimit-reset: ";
constexpr std::size_t most_digits = 20;

// Writes a field's line to `at`. Gives its end.
template <std::size_t size_and_zero>
char* add_line(Arena& arena, FieldId id, const char (&begin)[size_and_zero], std::uint64_t value,
               char* at, Headers& headers) {
  constexpr std::size_t size = size_and_zero - 1;
  std::memcpy(at, begin, size);
  char* const digits = at + size;
  char* const end = std::to_chars(digits, digits + most_digits, value).ptr;
  std::memcpy(end, "\r\n", 2);
  headers.push_back(arena, {.name_at = at,
                            .value_at = digits,
                            .value_size = static_cast<std::uint32_t>(end - digits),
                            .name_size = size - 2,
                            .id = id,
                            .is_line = true});
  return end + 2;
}

// draft-ietf-httpapi-ratelimit-headers-03, of a bucket: how much it holds, how much is left, and
// how long until it is full. One line after the other: HTTP/1.1 sends them as one piece.
void add_fields(Arena& arena, const BucketAnswer& answer, Headers& headers) {
  constexpr std::size_t size =
      sizeof limit_begin + sizeof remaining_begin + sizeof reset_begin + 3 * (most_digits + 2);
  using enum FieldId;
  char* at = arena.allocate(size, 1);
  at = add_line(arena, ratelimit_limit, limit_begin, answer.limit, at, headers);
  at = add_line(arena, other, remaining_begin, answer.remaining, at, headers);
  add_line(arena, other, reset_begin, seconds_up(answer.until_full), at, headers);
}

// One request on its way through its limits; its answer's fields on the way back.
class LimitedRequest final : public PassingReply, private RedisBuckets::Asker {
 public:
  LimitedRequest(const LimitsToAsk& limits, Reply& reply, AfterLimits& after)
      : PassingReply(reply), limits_(limits), after_(after) {}

  // Asks from the limit on whose turn it is.
  void go_on(Exchange& exchange) {
    while (next_ < limits_.chosen.size()) {
      RateLimit& limit = at(next_);
      if (!limit.key().matches(exchange)) {
        ++next_;
        continue;
      }
      if (RedisBuckets* const redis = limit.redis()) {
        const bool is_one = limit.key().is_one();
        return redis->take(exchange, is_one ? std::string_view{} : limit.key().of(exchange), *this);
      }
      if (!take(exchange, limit.take(exchange, limits_.clock.now()))) return;
    }
    if (!tightest_.allowed) return after_.let_through(exchange, outer_);
    after_.let_through(exchange, *this);
  }

  // What the backend says of its own limits is kept.
  void answered(Exchange& exchange, Response& response) override {
    if (response.headers.find(FieldId::ratelimit_limit) == nullptr)
      add_fields(exchange.arena, tightest_, response.headers);
    PassingReply::answered(exchange, response);
  }

 private:
  RateLimit& at(std::size_t i) const { return *limits_.all[limits_.chosen[i]]; }

  void decided(Exchange& exchange, const BucketAnswer& answer) override {
    if (take(exchange, answer)) go_on(exchange);
  }

  void unavailable(Exchange& exchange) override {
    const RateLimit& limit = at(next_);
    if (!limit.is_shadow() && !limit.lets_through_on_error()) {
      return refuse(exchange, limit, {.kind = ErrorKind::rate_limit_unavailable});
    }
    ++next_;
    go_on(exchange);
  }

  void given_up(Exchange& exchange, const Error& error) override { outer_.failed(exchange, error); }

  // What the limit whose turn it is has answered. False: that was the end of the request.
  bool take(Exchange& exchange, const BucketAnswer& answer) {
    RateLimit& limit = at(next_);
    limit.count(answer.allowed);
    if (!limit.is_shadow()) {
      if (!answer.allowed) {
        refuse_now(exchange, limit, answer);
        return false;
      }
      if (!tightest_.allowed || answer.remaining < tightest_.remaining) tightest_ = answer;
    }
    ++next_;
    return true;
  }

  void refuse_now(Exchange& exchange, const RateLimit& limit, const BucketAnswer& answer) {
    const RateLimitResponseConfig& response = limit.config().response;
    auto* const fields = exchange.arena.make<Headers>();
    add_fields(exchange.arena, answer, *fields);
    auto* const own = exchange.arena.make<ErrorAnswer>();
    own->retry_after = std::chrono::seconds(
        std::clamp<std::uint64_t>(seconds_up(answer.until_next), 1, UINT32_MAX));
    own->fields = fields;
    own->content_type = response.content_type;
    own->body = response.body;
    refuse(exchange, limit, {.kind = ErrorKind::rate_limited, .answer = own});
  }

  void refuse(Exchange& exchange, const RateLimit& limit, Error error) {
    for (std::size_t i = 0; i < next_; ++i) {
      RateLimit& before = at(i);
      if (before.redis() == nullptr && !before.is_shadow() && before.key().matches(exchange))
        before.give_back(exchange);
    }
    exchange.marks.policy = limit.name();
    if (!exchange.client_identity.empty()) error.policy = limit.name();
    error.unprocessed = true;
    outer_.failed(exchange, error);
  }

  const LimitsToAsk limits_;
  AfterLimits& after_;
  std::size_t next_ = 0;   // In limits_.chosen.
  BucketAnswer tightest_;  // Of those that are enforced and have answered; not allowed: none has.
};

}  // namespace

RateLimit::RateLimit(Parts parts)
    : parts_(std::move(parts)), key_(parts_.config.match, parts_.config.key) {}

bool RateLimit::lets_through_on_error() const {
  return parts_.config.redis->on_error == RateLimitRedisConfig::OnError::allow;
}

BucketAnswer RateLimit::take(Exchange& exchange, TimePoint now) {
  return key_.is_one() ? parts_.buckets->take(now) : parts_.buckets->take(key_.of(exchange), now);
}

void RateLimit::give_back(Exchange& exchange) {
  key_.is_one() ? parts_.buckets->give_back() : parts_.buckets->give_back(key_.of(exchange));
}

void RateLimit::count(bool allowed) {
  (allowed ? parts_.counts.allowed : parts_.counts.limited).fetch_add(1, std::memory_order_relaxed);
}

void ask_limits(const LimitsToAsk& limits, Exchange& exchange, Reply& reply, AfterLimits& after) {
  exchange.arena.make<LimitedRequest>(limits, reply, after)->go_on(exchange);
}

}  // namespace skiff
