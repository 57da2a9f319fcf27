#include "sidecar/policy/redis_buckets.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace skiff {
namespace {

// KEYS: the bucket. ARGV: tokens in a period, its microseconds, burst. A bucket is its tokens and
// when it had them; none is a full one. Replies whether a token was given, how many whole ones are
// left, and the microseconds until there is one and until all are there.
//
// A clock that is set back gives nothing and takes nothing: time then counts from there.
constexpr std::string_view script = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local rate = ARGV[1] / ARGV[2]
local burst = tonumber(ARGV[3])
local tokens = burst
local kept = redis.call('GET', KEYS[1])
if kept then
  local had, at = string.match(kept, '^(%S+) (%S+)$')
  tokens = math.min(burst, had + math.max(0, now - at) * rate)
end
local given = 0
if tokens >= 1 then
  given = 1
  tokens = tokens - 1
end
local full = math.ceil((burst - tokens) / rate)
if given == 1 then
  redis.call('SET', KEYS[1], string.format('%.17g %.0f', tokens, now), 'PX', math.ceil(full / 1000) + 1)
end
return {given, math.floor(tokens), math.ceil(math.max(0, 1 - tokens) / rate), full}
)lua";

constexpr char hex_digits[] = "0123456789abcdef";

void put_hex(const unsigned char* bytes, std::size_t size, char* to) {
  for (std::size_t i = 0; i < size; ++i) {
    *to++ = hex_digits[bytes[i] >> 4];
    *to++ = hex_digits[bytes[i] & 15];
  }
}

std::string hash_of_script() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned size = 0;
  EVP_Digest(script.data(), script.size(), hash.data(), &size, EVP_sha1(), nullptr);
  std::string text(2 * size, '0');
  put_hex(hash.data(), size, text.data());
  return text;
}

const std::string& script_hash() {
  static const std::string hash = hash_of_script();
  return hash;
}

BucketAnswer answer_of(const RedisReply& reply, std::uint32_t limit) {
  const auto microseconds = [&reply](std::size_t i) {
    return std::chrono::microseconds(std::max<std::int64_t>(reply.numbers[i], 0));
  };
  BucketAnswer answer;
  answer.allowed = reply.numbers[0] == 1;
  answer.limit = limit;
  answer.remaining =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(reply.numbers[1], 0, limit));
  answer.until_next = microseconds(2);
  answer.until_full = microseconds(3);
  return answer;
}

}  // namespace

// One decision under way; in the exchange's arena. Its pause is what the exchange waits for.
class RedisBuckets::Question final : public RedisClient::Waiter, public Pauses::Waiter {
 public:
  Question(RedisBuckets& owner, Exchange& asked_by, Asker& asker, std::string_view bucket_name)
      : bucket(bucket_name),
        owner_(owner),
        exchange_(asked_by),
        asker_(asker),
        begun_(owner.context_.clock.now()) {}

  void begin() {
    if (!owner_.ask(*this, false)) return fail(owner_.context_.counts.lost);
    pause_ = &owner_.context_.pauses.wait(exchange_, begun_ + owner_.redis_.timeout, *this);
  }

  const std::string_view bucket;
  RedisClient::Ticket ticket = 0;

 private:
  void replied(const RedisReply& reply) override {
    const RedisCounts& counts = owner_.context_.counts;
    if (reply.is_error && reply.error.starts_with("NOSCRIPT") &&
        !std::exchange(with_script_, true)) {
      if (owner_.ask(*this, true)) return;
      owner_.context_.pauses.end(*pause_);
      return fail(counts.lost);
    }
    owner_.context_.pauses.end(*pause_);
    if (reply.is_error || reply.count != 4) return fail(counts.refused);
    const Duration took = owner_.context_.clock.now() - begun_;
    counts.decided.fetch_add(1, std::memory_order_relaxed);
    counts.nanoseconds.fetch_add(static_cast<std::uint64_t>(took.count()),
                                 std::memory_order_relaxed);
    asker_.decided(exchange_, answer_of(reply, owner_.limit_));
  }

  void lost() override {
    owner_.context_.pauses.end(*pause_);
    fail(owner_.context_.counts.lost);
  }

  void pause_over(Exchange&) override {
    owner_.context_.client.late(ticket);
    fail(owner_.context_.counts.late);
  }

  void pause_broken(Exchange& exchange, const Error& error) override {
    owner_.context_.client.leave(ticket);
    asker_.given_up(exchange, error);
  }

  void fail(std::atomic<std::uint64_t>& counter) {
    counter.fetch_add(1, std::memory_order_relaxed);
    asker_.unavailable(exchange_);
  }

  RedisBuckets& owner_;
  Exchange& exchange_;
  Asker& asker_;
  const TimePoint begun_;
  Pauses::Pause* pause_ = nullptr;
  bool with_script_ = false;  // Redis was told the script for this question.
};

RedisBuckets::RedisBuckets(const Context& context, std::string_view name,
                           const RateLimitConfig& limit)
    : context_(context),
      redis_(limit.redis.value_or(RateLimitRedisConfig{})),
      name_(redis_.prefix + std::string(name)),
      count_(std::to_string(limit.rate.count)),
      period_(std::to_string(std::chrono::microseconds(limit.rate.period()).count())),
      burst_(std::to_string(limit.burst)),
      limit_(limit.burst),
      hasher_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex2(hasher_.get(), EVP_sha256(), nullptr);
}

void RedisBuckets::take(Exchange& exchange, std::string_view key, Asker& asker) {
  exchange.arena.make<Question>(*this, exchange, asker, name_of(exchange.arena, key))->begin();
}

// `PREFIX NAMESPACE/POLICY/LIMIT` and, of a key, `/` and half of its SHA-256.
std::string_view RedisBuckets::name_of(Arena& arena, std::string_view key) const {
  if (key.empty()) return name_;
  constexpr std::size_t kept = 16;
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  EVP_DigestInit_ex2(hasher_.get(), nullptr, nullptr);
  EVP_DigestUpdate(hasher_.get(), key.data(), key.size());
  EVP_DigestFinal_ex(hasher_.get(), hash.data(), nullptr);
  const std::size_t size = name_.size() + 1 + 2 * kept;
  char* const text = arena.allocate(size, 1);
  char* const at = std::copy(name_.begin(), name_.end(), text);
  *at = '/';
  put_hex(hash.data(), kept, at + 1);
  return {text, size};
}

bool RedisBuckets::ask(Question& question, bool with_script) {
  const std::array<std::string_view, 7> words = {with_script ? "EVAL" : "EVALSHA",
                                                 with_script ? script : script_hash(),
                                                 "1",
                                                 question.bucket,
                                                 count_,
                                                 period_,
                                                 burst_};
  return context_.client.send(words, redis_.max_waiting, question, question.ticket);
}

}  // namespace skiff
