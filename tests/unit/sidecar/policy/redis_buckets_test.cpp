#include "sidecar/policy/redis_buckets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/support/made_limit.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::made_limit;
using testing::MadeCounts;
using ::testing::Not;

class Asker final : public RedisBuckets::Asker {
 public:
  void decided(Exchange&, const BucketAnswer& given) override {
    told.push_back(given.allowed ? "allowed" : "limited");
    answer = given;
  }
  void unavailable(Exchange&) override { told.push_back("unavailable"); }
  void given_up(Exchange&, const Error& error) override {
    told.emplace_back(about(error.kind).reason);
  }

  std::vector<std::string> told;
  BucketAnswer answer;
};

class RedisBucketsTest : public ::testing::Test {
 protected:
  using Told = std::vector<std::string>;

  static RateLimitConfig config() {
    RateLimitConfig limit = made_limit(20);
    limit.redis.emplace();
    return limit;
  }
  void take(std::string_view key = {}) {
    buckets.take(exchange, key, asker);
    turn();
  }
  void turn() {
    {
      const Loop::Event event(loop);
      if (peer != nullptr) peer->takes_all();
    }
    loop.io().poll();
    loop.io().restart();
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  std::unique_ptr<ScriptedPeer> peer;
  RedisClient client{loop,
                     {.begin = [this]() -> TransportPtr {
                        peer = std::make_unique<ScriptedPeer>();
                        return ScriptedTransport::make(*peer);
                      },
                      .error = [](Transport&) { return 0; }}};
  MadeCounts counts;
  RedisBuckets buckets{{client, pauses, loop, counts.redis()}, "shop/p/limit", config()};
  Exchange exchange;
  Asker asker;
};

TEST_F(RedisBucketsTest, AskByTheHashOfTheScript) {
  take();
  const std::string sent = peer->got();
  EXPECT_THAT(sent, HasSubstr("*7\r\n$7\r\nEVALSHA\r\n$40\r\n"));
  EXPECT_THAT(sent, HasSubstr("$1\r\n1\r\n$18\r\nskiff:shop/p/limit\r\n"));
  EXPECT_THAT(sent, HasSubstr("$2\r\n10\r\n$7\r\n1000000\r\n$2\r\n20\r\n"));
  EXPECT_NE(exchange.pending, nullptr);
  EXPECT_TRUE(asker.told.empty());
}

TEST_F(RedisBucketsTest, SayWhatRedisSays) {
  take();
  advance(3ms);
  peer->sends("*4\r\n:1\r\n:19\r\n:0\r\n:100000\r\n");
  EXPECT_EQ(asker.told, Told{"allowed"});
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_EQ(asker.answer.limit, 20U);
  EXPECT_EQ(asker.answer.remaining, 19U);
  EXPECT_EQ(asker.answer.until_full, 100ms);
  EXPECT_EQ(counts.decided, 1U);
  EXPECT_EQ(counts.nanoseconds, 3'000'000U);
  take();
  peer->sends("*4\r\n:0\r\n:0\r\n:50000\r\n:1950000\r\n");
  EXPECT_EQ(asker.told, (Told{"allowed", "limited"}));
  EXPECT_EQ(asker.answer.until_next, 50ms);
}

TEST_F(RedisBucketsTest, TellTheScriptWhereRedisDoesNotKnowIt) {
  take();
  peer->got();
  peer->sends("-NOSCRIPT No matching script. Please use EVAL.\r\n");
  turn();
  EXPECT_THAT(peer->got(), HasSubstr("$4\r\nEVAL\r\n"));
  EXPECT_TRUE(asker.told.empty());
  peer->sends("*4\r\n:1\r\n:19\r\n:0\r\n:1\r\n");
  EXPECT_EQ(asker.told, Told{"allowed"});
}

TEST_F(RedisBucketsTest, AreNotToBeHadWhereRedisGivesErrors) {
  take();
  peer->sends("-OOM command not allowed\r\n");
  EXPECT_EQ(asker.told, Told{"unavailable"});
  EXPECT_EQ(counts.refused, 1U);
  take();
  peer->sends("*1\r\n:1\r\n");
  EXPECT_EQ(counts.refused, 2U);
  EXPECT_EQ(exchange.pending, nullptr);
}

TEST_F(RedisBucketsTest, AreNotToBeHadAfterTheTimeout) {
  take();
  advance(19ms);
  EXPECT_TRUE(asker.told.empty());
  advance(20ms);
  EXPECT_EQ(asker.told, Told{"unavailable"});
  EXPECT_EQ(counts.late, 1U);
  take();
  EXPECT_EQ(counts.lost, 1U) << "at once, as nothing waits behind what is late";
  peer->sends("*4\r\n:1\r\n:19\r\n:0\r\n:1\r\n");
  EXPECT_EQ(asker.told.size(), 2U) << "the late reply is nobody's";
}

TEST_F(RedisBucketsTest, AreNotToBeHadWhenTheConnectionBreaks) {
  take();
  peer->resets();
  EXPECT_EQ(asker.told, Told{"unavailable"});
  EXPECT_EQ(counts.lost, 1U);
  EXPECT_EQ(exchange.pending, nullptr);
  EXPECT_EQ(pauses.waiting(), 0U);
}

TEST_F(RedisBucketsTest, LetGoOfAnExchangeThatWasGivenUp) {
  take();
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(asker.told, Told{"client_gone"});
  peer->sends("*4\r\n:1\r\n:19\r\n:0\r\n:1\r\n");
  EXPECT_EQ(asker.told.size(), 1U);
  EXPECT_EQ(pauses.waiting(), 0U);
}

TEST_F(RedisBucketsTest, NameNoKey) {
  take("secret");
  take("secret");
  take("other");
  const std::string sent = peer->got();
  EXPECT_THAT(sent, Not(HasSubstr("secret")));
  const std::size_t first = sent.find("$51\r\nskiff:shop/p/limit/");
  ASSERT_NE(first, std::string::npos);
  const std::string name = sent.substr(first, 5 + 51);
  const std::size_t second = sent.find(name, first + 1);
  ASSERT_NE(second, std::string::npos) << "the same key has the same name";
  EXPECT_EQ(sent.find(name, second + 1), std::string::npos) << "another has another";
}

}  // namespace
}  // namespace skiff
