#include "sidecar/policy/rate_limit.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace skiff {
namespace {

std::string_view number(Arena& arena, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return arena.copy({digits, static_cast<std::size_t>(end - digits)});
}

// What was rounded up to parts of a token makes no second more.
std::uint64_t seconds_up(Duration time) {
  const Duration rounded = std::max(time - std::chrono::microseconds(1), Duration::zero());
  return static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(rounded).count());
}

// draft-ietf-httpapi-ratelimit-headers-03, of a bucket: how much it holds, how much is left, and
// how long until it is full.
void add_fields(Arena& arena, const BucketAnswer& answer, Headers& headers) {
  headers.add(arena, "ratelimit-limit", number(arena, answer.limit));
  headers.add(arena, "ratelimit-remaining", number(arena, answer.remaining));
  headers.add(arena, "ratelimit-reset", number(arena, seconds_up(answer.until_full)));
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
    if (response.headers.find("ratelimit-limit") == nullptr)
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
    own->retry_after = static_cast<std::uint32_t>(
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
