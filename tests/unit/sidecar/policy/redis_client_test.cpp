#include "sidecar/policy/redis_client.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string_view>;

class Waiter final : public RedisClient::Waiter {
 public:
  void replied(const RedisReply& reply) override {
    std::string text = reply.is_error ? "error " + reply.error : "numbers";
    for (std::size_t i = 0; i < reply.count; ++i) text += " " + std::to_string(reply.numbers[i]);
    told.push_back(text);
  }
  void lost() override { told.push_back("lost"); }

  std::vector<std::string> told;
  RedisClient::Ticket ticket = 0;
};

class RedisClientTest : public testing::Test {
 protected:
  using Told = std::vector<std::string>;

  bool send(Waiter& waiter, const Words& words = {"GO"}) {
    const bool sent = client.send(words, 4, waiter, waiter.ticket);
    turn();
    return sent;
  }
  // What was deferred runs.
  void turn() {
    const Loop::Event event(loop);
    loop.io().poll();
    loop.io().restart();
  }
  void connect() {
    peer->takes_all();
    turn();
  }
  // Sends and connects, so that the client is ready.
  void begin() {
    ASSERT_TRUE(send(one));
    connect();
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  std::unique_ptr<ScriptedPeer> peer;
  int connects = 0;
  bool can_begin = true;
  int error = 0;
  RedisClient client{loop,
                     {.begin = [this]() -> TransportPtr {
                        ++connects;
                        if (!can_begin) return nullptr;
                        peer = std::make_unique<ScriptedPeer>();
                        return ScriptedTransport::make(*peer);
                      },
                      .error = [this](Transport&) { return error; }}};
  Waiter one;
  Waiter two;
};

TEST_F(RedisClientTest, WritesCommandsAsRedisReadsThem) {
  EXPECT_EQ(connects, 0) << "nobody asked for it yet";
  ASSERT_TRUE(send(one, {"EVALSHA", "", "a\r\nb"}));
  EXPECT_EQ(peer->got(), "") << "not connected";
  connect();
  EXPECT_EQ(peer->got(), "*3\r\n$7\r\nEVALSHA\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
  EXPECT_TRUE(one.told.empty());
}

TEST_F(RedisClientTest, GivesEachItsReplyInOrder) {
  begin();
  ASSERT_TRUE(send(two));
  EXPECT_EQ(client.waiting(), 2U);
  peer->sends("*2\r\n:1\r\n:-7\r\n");
  EXPECT_EQ(one.told, Told{"numbers 1 -7"});
  EXPECT_TRUE(two.told.empty());
  peer->sends("-NOSCRIPT No matching script\r\n");
  EXPECT_EQ(two.told, Told{"error NOSCRIPT No matching script"});
  EXPECT_EQ(client.waiting(), 0U);
  EXPECT_EQ(connects, 1);
}

TEST_F(RedisClientTest, ReadsRepliesHoweverTheyAreCut) {
  const std::string reply = "*4\r\n:1\r\n:22\r\n:333\r\n:4444\r\n";
  begin();
  for (const char byte : reply) peer->sends({&byte, 1});
  EXPECT_EQ(one.told, Told{"numbers 1 22 333 4444"});
}

TEST_F(RedisClientTest, TakesOtherRepliesForErrors) {
  begin();
  for (const char* reply :
       {"+OK\r\n", ":1\r\n", "$2\r\nab\r\n", "$-1\r\n", "*-1\r\n", "*1\r\n$1\r\na\r\n",
        "*1\r\n*1\r\n:1\r\n", "*9\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n"}) {
    one.told.clear();
    peer->sends(reply);
    EXPECT_EQ(one.told, Told{"error "}) << reply;
    ASSERT_TRUE(send(one));
  }
}

TEST_F(RedisClientTest, HasALimitOfWhatIsUnderWay) {
  Waiter others[4];
  for (Waiter& each : others) EXPECT_TRUE(send(each));
  EXPECT_FALSE(send(one));
  connect();
  peer->sends("*0\r\n");
  EXPECT_TRUE(send(one));
}

TEST_F(RedisClientTest, TellsNobodyWhoHasLeft) {
  begin();
  ASSERT_TRUE(send(two));
  client.leave(one.ticket);
  peer->sends("*1\r\n:1\r\n*1\r\n:2\r\n");
  EXPECT_TRUE(one.told.empty());
  EXPECT_EQ(two.told, Told{"numbers 2"});
  client.leave(two.ticket);  // Too late, and no harm.
}

TEST_F(RedisClientTest, SendsNothingBehindAReplyThatIsLate) {
  begin();
  client.late(one.ticket);
  EXPECT_FALSE(send(two));
  peer->sends("*0\r\n");
  EXPECT_TRUE(send(two));
  EXPECT_TRUE(one.told.empty());
}

TEST_F(RedisClientTest, BreaksOffWhereAReplyNeverComes) {
  begin();
  ASSERT_TRUE(send(two));
  client.late(one.ticket);
  advance(RedisClient::patience + 20ms);
  EXPECT_TRUE(peer->closed());
  EXPECT_EQ(two.told, Told{"lost"});
  EXPECT_TRUE(one.told.empty()) << "it had left";
  EXPECT_FALSE(send(one)) << "it rests";
  advance(RedisClient::first_rest + 20ms);
  EXPECT_TRUE(send(one));
  EXPECT_EQ(connects, 2);
}

TEST_F(RedisClientTest, TellsAllWhenTheConnectionBreaks) {
  begin();
  ASSERT_TRUE(send(two));
  peer->resets();
  EXPECT_EQ(one.told, Told{"lost"});
  EXPECT_EQ(two.told, Told{"lost"});
  EXPECT_EQ(client.waiting(), 0U);
}

TEST_F(RedisClientTest, RestsLongerAndLongerWhereItCannotConnect) {
  error = ECONNREFUSED;
  Duration rest = RedisClient::first_rest;
  for (int i = 0; i < 10; ++i) {
    one.told.clear();
    ASSERT_TRUE(send(one)) << i;
    connect();
    EXPECT_EQ(one.told, Told{"lost"});
    EXPECT_FALSE(send(one));
    advance(rest / 2 - 1ms);
    EXPECT_FALSE(send(one)) << "at least half of it";
    advance(rest / 2 + 20ms);
    rest = std::min(2 * rest, RedisClient::longest_rest);
  }
  EXPECT_EQ(connects, 10);
  error = 0;
  begin();
  peer->sends("*0\r\n");
  peer->resets();
  advance(RedisClient::first_rest + 20ms);
  EXPECT_TRUE(send(one)) << "a reply began anew";
}

TEST_F(RedisClientTest, RestsWhereItCannotEvenBegin) {
  can_begin = false;
  EXPECT_FALSE(send(one));
  EXPECT_FALSE(send(one));
  EXPECT_EQ(connects, 1);
  EXPECT_TRUE(one.told.empty());
}

TEST_F(RedisClientTest, ConnectsAnewWhereAnIdleConnectionWasClosed) {
  begin();
  peer->sends("*0\r\n");
  peer->ends();
  EXPECT_TRUE(send(one));
  EXPECT_EQ(connects, 2);
}

TEST_F(RedisClientTest, BreaksOffWhereWhatIsThereIsNoRedis) {
  begin();
  peer->sends("HTTP/1.1 400 Bad Request\r\n");
  EXPECT_EQ(one.told, Told{"lost"});
  EXPECT_TRUE(peer->closed());
}

TEST_F(RedisClientTest, BreaksOffWhereAReplyComesUnasked) {
  begin();
  peer->sends("*0\r\n*0\r\n");
  EXPECT_EQ(one.told.size(), 1U);
  EXPECT_TRUE(peer->closed());
}

TEST_F(RedisClientTest, SendsTheRestWhenThereIsRoom) {
  ASSERT_TRUE(send(one, {"GO"}));
  peer->takes_only(5);
  peer->takes_some();
  std::string got = peer->got();
  EXPECT_EQ(got.size(), 5U);
  connect();
  got += peer->got();
  EXPECT_EQ(got, "*1\r\n$2\r\nGO\r\n");
}

}  // namespace
}  // namespace skiff
