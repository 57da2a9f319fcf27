#include "sidecar/policy/rate_limit.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/made_limit.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::made_limit;
using testing::MadeCounts;

// Answers what limits let through.
class Answering final : public AfterLimits {
 public:
  void let_through(Exchange& exchange, Reply& reply) override {
    ++requests;
    Response response;
    response.status = 200;
    if (own_fields) response.headers.add(exchange.arena, "RateLimit-Limit", "7");
    reply.answered(exchange, response);
  }

  int requests = 0;
  bool own_fields = false;
};

// One request, and what became of it.
struct Asked {
  Exchange exchange;
  RecordingReply reply;

  bool passed() const { return reply.status.has_value(); }
  ErrorKind error() const {
    return reply.errors.empty() ? ErrorKind::none : reply.errors.front().kind;
  }
};

class RateLimitTest : public ::testing::Test {
 protected:
  void add(const std::string& name, const RateLimitConfig& config) {
    RateLimit::Parts parts{.name = name, .config = config, .counts = counts.limit()};
    if (config.scope == RateLimitConfig::Scope::redis) {
      parts.redis = std::make_unique<RedisBuckets>(
          RedisBuckets::Context{client, pauses, loop, counts.redis()}, name, config);
    } else {
      parts.buckets = std::make_shared<TokenBuckets>(
          BucketRule{.rate = config.rate, .burst = config.burst}, clock.now());
    }
    chosen.push_back(static_cast<std::uint32_t>(limits.size()));
    limits.push_back(std::make_unique<RateLimit>(std::move(parts)));
  }

  std::unique_ptr<Asked> ask(std::string_view header = {}, std::string_view identity = {}) {
    auto asked = std::make_unique<Asked>();
    if (!header.empty())
      asked->exchange.request.headers.add(asked->exchange.arena, "x-key", header);
    asked->exchange.client_identity = identity;
    ask_limits({limits, chosen, clock}, asked->exchange, asked->reply, after);
    return asked;
  }

  // Redis replies to the next question.
  void redis_says(std::string_view reply) {
    loop.io().poll();
    loop.io().restart();
    peer.takes_all();
    peer.sends(reply);
  }

  static RateLimitConfig by_redis(RateLimitRedisConfig::OnError on_error) {
    RateLimitConfig config = made_limit(5);
    config.scope = RateLimitConfig::Scope::redis;
    config.redis.emplace().on_error = on_error;
    return config;
  }

  static constexpr std::string_view yes = "*4\r\n:1\r\n:4\r\n:0\r\n:100000\r\n";
  static constexpr std::string_view no = "*4\r\n:0\r\n:0\r\n:100000\r\n:500000\r\n";

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  ScriptedPeer peer;
  RedisClient client{loop,
                     {.begin = [this]() -> TransportPtr { return ScriptedTransport::make(peer); },
                      .error = [](Transport&) { return 0; }}};
  MadeCounts counts;
  std::vector<std::unique_ptr<RateLimit>> limits;
  std::vector<std::uint32_t> chosen;
  Answering after;
};

TEST_F(RateLimitTest, LetsTheBurstThroughAndRefusesTheRest) {
  add("shop/p/all", made_limit(2));
  EXPECT_TRUE(ask()->passed());
  EXPECT_TRUE(ask()->passed());
  const auto refused = ask();
  EXPECT_EQ(refused->error(), ErrorKind::rate_limited);
  EXPECT_TRUE(refused->reply.errors[0].unprocessed);
  EXPECT_EQ(refused->exchange.marks.policy, "shop/p/all");
  EXPECT_EQ(after.requests, 2);
  EXPECT_EQ(counts.allowed, 2U);
  EXPECT_EQ(counts.limited, 1U);
  clock.advance(101ms);
  EXPECT_TRUE(ask()->passed());
}

TEST_F(RateLimitTest, SaysWhatIsLeft) {
  add("shop/p/all", made_limit(20));
  EXPECT_EQ(ask()->reply.fields,
            "ratelimit-limit: 20\nratelimit-remaining: 19\nratelimit-reset: 1\n");
}

TEST_F(RateLimitTest, SaysWhenToComeBack) {
  RateLimitConfig config = made_limit(1);
  config.rate = {1, Rate::Per::minute};
  config.response = {.content_type = "text/plain", .body = "slow down"};
  add("shop/p/all", config);
  ask();
  const auto refused = ask();
  ASSERT_EQ(refused->reply.errors.size(), 1U);
  const ErrorAnswer& answer = *refused->reply.errors[0].answer;
  EXPECT_GE(answer.retry_after, 59s);
  EXPECT_LE(answer.retry_after, 61s);
  EXPECT_EQ(answer.content_type, "text/plain");
  EXPECT_EQ(answer.body, "slow down");
  ASSERT_NE(answer.fields, nullptr);
  EXPECT_EQ(answer.fields->find("ratelimit-remaining")->value(), "0");
  EXPECT_EQ(answer.fields->find("ratelimit-limit")->value(), "1");
}

TEST_F(RateLimitTest, NamesTheLimitToCallersOfTheMeshOnly) {
  add("shop/p/all", made_limit(1));
  ask();
  EXPECT_EQ(ask()->reply.errors.at(0).policy, "");
  EXPECT_EQ(ask({}, "spiffe://shop/ns/shop/sa/order")->reply.errors.at(0).policy, "shop/p/all");
}

TEST_F(RateLimitTest, KeepsWhatTheBackendSaysOfItsOwnLimits) {
  add("shop/p/all", made_limit(20));
  after.own_fields = true;
  EXPECT_EQ(ask()->reply.fields, "RateLimit-Limit: 7\n");
}

TEST_F(RateLimitTest, TellsOfTheTightestOfSeveral) {
  add("shop/p/wide", made_limit(50));
  add("shop/p/tight", made_limit(3));
  add("shop/p/other", made_limit(20));
  EXPECT_NE(ask()->reply.fields.find("ratelimit-limit: 3\n"), std::string::npos);
}

TEST_F(RateLimitTest, TakesNoTokenForWhatALaterLimitRefuses) {
  add("shop/p/all", made_limit(3));
  add("shop/p/keyed", made_limit(1, "x-key"));
  EXPECT_TRUE(ask("a")->passed());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("a")->exchange.marks.policy, "shop/p/keyed");
  EXPECT_TRUE(ask("b")->passed());
  EXPECT_TRUE(ask("c")->passed());
  EXPECT_EQ(ask("d")->exchange.marks.policy, "shop/p/all");
}

TEST_F(RateLimitTest, LeavesAloneWhatDoesNotMatch) {
  RateLimitConfig config = made_limit(1);
  config.match.headers = {{"x-key", "a"}};
  add("shop/p/some", config);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("b")->reply.fields, "");
  EXPECT_TRUE(ask("a")->passed());
  EXPECT_FALSE(ask("a")->passed());
}

TEST_F(RateLimitTest, OnlyCountsInAShadow) {
  RateLimitConfig config = made_limit(1);
  config.mode = RateLimitConfig::Mode::shadow;
  add("shop/p/shadow", config);
  for (int i = 0; i < 3; ++i) {
    const auto asked = ask();
    EXPECT_TRUE(asked->passed());
    EXPECT_EQ(asked->reply.fields, "");
  }
  EXPECT_EQ(counts.allowed, 1U);
  EXPECT_EQ(counts.limited, 2U);
}

TEST_F(RateLimitTest, WaitsForRedis) {
  add("shop/p/redis", by_redis(RateLimitRedisConfig::OnError::deny));
  const auto passes = ask();
  EXPECT_FALSE(passes->passed());
  EXPECT_NE(passes->exchange.pending, nullptr);
  redis_says(yes);
  EXPECT_TRUE(passes->passed());
  EXPECT_NE(passes->reply.fields.find("ratelimit-remaining: 4\n"), std::string::npos);
  const auto refused = ask();
  redis_says(no);
  EXPECT_EQ(refused->error(), ErrorKind::rate_limited);
  EXPECT_EQ(refused->reply.errors[0].answer->retry_after, 1s);
  EXPECT_EQ(after.requests, 1);
}

TEST_F(RateLimitTest, PutsBackWhatItTookHereWhereRedisRefuses) {
  add("shop/p/all", made_limit(2));
  add("shop/p/redis", by_redis(RateLimitRedisConfig::OnError::deny));
  for (int i = 0; i < 5; ++i) {
    const auto refused = ask();
    redis_says(no);
    EXPECT_EQ(refused->exchange.marks.policy, "shop/p/redis");
  }
}

TEST_F(RateLimitTest, GoesOnWithoutRedisWhereThePolicyAllowsIt) {
  add("shop/p/redis", by_redis(RateLimitRedisConfig::OnError::allow));
  const auto asked = ask();
  peer.takes_all();
  peer.resets();
  EXPECT_TRUE(asked->passed());
  EXPECT_EQ(asked->reply.fields, "") << "nobody knows what is left";
  EXPECT_TRUE(ask()->passed()) << "at once, while the connection rests";
}

TEST_F(RateLimitTest, LetsNothingThroughWithoutRedisWhereThePolicySaysSo) {
  add("shop/p/redis", by_redis(RateLimitRedisConfig::OnError::deny));
  const auto asked = ask();
  peer.takes_all();
  peer.resets();
  EXPECT_EQ(asked->error(), ErrorKind::rate_limit_unavailable);
  EXPECT_EQ(asked->exchange.marks.policy, "shop/p/redis");
  EXPECT_EQ(ask()->error(), ErrorKind::rate_limit_unavailable);
  EXPECT_EQ(after.requests, 0);
}

TEST_F(RateLimitTest, EndsWithAClientThatLeavesMeanwhile) {
  add("shop/p/redis", by_redis(RateLimitRedisConfig::OnError::allow));
  const auto asked = ask();
  asked->exchange.pending->fail(asked->exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(asked->error(), ErrorKind::client_gone);
  redis_says(yes);
  EXPECT_EQ(after.requests, 0);
}

TEST_F(RateLimitTest, LetsThroughWhatAShadowCannotAskRedis) {
  RateLimitConfig config = by_redis(RateLimitRedisConfig::OnError::deny);
  config.mode = RateLimitConfig::Mode::shadow;
  add("shop/p/redis", config);
  const auto asked = ask();
  peer.takes_all();
  peer.resets();
  EXPECT_TRUE(asked->passed());
}

}  // namespace
}  // namespace skiff
