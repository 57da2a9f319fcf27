#include "sidecar/pool/stream_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/random.h"
#include "tests/support/pool_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class FakeStreams;
using FakeConnector = test::FakeConnector<FakeStreams>;

// A connection that a test plays.
class FakeStreams final : public Connection, private Pending {
 public:
  FakeStreams(ConnectionOwner& owner, FakeConnector& connector, std::uint32_t limit = 1'000)
      : owner_(owner), connector_(connector), limit_(limit) {
    connector_.alive.push_back(this);
  }
  ~FakeStreams() override { std::erase(connector_.alive, this); }

  void start(Exchange& exchange, Reply& reply) override {
    EXPECT_GT(room(), 0u);
    ++exchanges;
    streams_.push_back({&exchange, &reply});
    exchange.pending = this;
  }
  bool still_open() override {
    if (open) return true;
    closes();
    return false;
  }
  std::uint32_t room() const override {
    return closing || limit_ < carried() ? 0 : limit_ - carried();
  }
  void retire() override {
    closing = true;
    if (streams_.empty()) closes();
  }

  void answers(std::size_t index = 0) {
    take(index);
    ended();
  }
  void closes() {
    closing = true;
    std::erase(connector_.alive, this);
    owner_.gone(*this);
    while (!streams_.empty()) {
      const auto [exchange, reply] = take(0);
      reply->failed(*exchange, {.kind = ErrorKind::upstream_reset, .reused = exchanges > 1});
    }
  }
  void says_goaway() {
    closing = true;
    if (streams_.empty()) return closes();
    owner_.room_changed(*this);
  }
  void allows(std::uint32_t limit) {
    limit_ = limit;
    owner_.room_changed(*this);
  }

  std::uint32_t carried() const { return static_cast<std::uint32_t>(streams_.size()); }
  bool open = true;

 private:
  using Stream = std::pair<Exchange*, Reply*>;

  void fail(Exchange& exchange, const Error& error) override {
    const auto found = std::find_if(streams_.begin(), streams_.end(),
                                    [&](const Stream& held) { return held.first == &exchange; });
    Reply& reply = *take(static_cast<std::size_t>(found - streams_.begin())).second;
    ended();
    reply.failed(exchange, error);
  }

  Stream take(std::size_t index) {
    const Stream stream = streams_[index];
    streams_.erase(streams_.begin() + static_cast<std::ptrdiff_t>(index));
    stream.first->pending = nullptr;
    return stream;
  }
  void ended() {
    if (closing && streams_.empty()) return closes();
    owner_.idle(*this);
  }

  ConnectionOwner& owner_;
  FakeConnector& connector_;
  std::uint32_t limit_;
  std::vector<Stream> streams_;
};

class StreamPoolTest : public test::PoolFixture {
 protected:
  Call& call(Method method = Method::get) { return PoolFixture::call(pool, method); }
  void call_times(int count) {
    for (int i = 0; i < count; ++i) call();
  }

  FakeConnector connector;
  StreamPoolSettings settings{.pool = {.max_connections = 3, .max_waiting = 2},
                              .streams_per_connection = 4};
  StreamPool pool{loop, connector, settings, counters};
};

TEST_F(StreamPoolTest, AllWhoWaitShareTheFirstConnection) {
  call_times(4);
  ASSERT_EQ(connector.waiting.size(), 1u);
  FakeStreams& connection = connector.connects();
  EXPECT_EQ(connection.carried(), 4u);
  EXPECT_EQ(waiting.get(), 0u);
}

TEST_F(StreamPoolTest, ConnectsOnceForEachConnectionThatThoseWhoWaitWouldFill) {
  call_times(9);
  EXPECT_EQ(connector.waiting.size(), 3u);
}

TEST_F(StreamPoolTest, PrefersTheConnectionThatCarriesMost) {
  call_times(5);
  FakeStreams& first = connector.connects(4);
  FakeStreams& second = connector.connects();
  ASSERT_EQ(second.carried(), 1u);
  first.answers();
  call();
  EXPECT_EQ(first.carried(), 4u);
  EXPECT_EQ(second.carried(), 1u);
}

TEST_F(StreamPoolTest, OpensAnotherWhenAllAreFullButWaitsForNone) {
  call();
  FakeStreams& first = connector.connects();
  call_times(3);
  EXPECT_TRUE(connector.waiting.empty());
  Call& fifth = call();
  EXPECT_EQ(first.carried(), 5u);
  EXPECT_NE(fifth.exchange.pending, nullptr);
  EXPECT_EQ(waits.get(), 1u) << "only the very first";
  ASSERT_EQ(connector.waiting.size(), 1u);
  call();
  EXPECT_EQ(connector.waiting.size(), 1u) << "one is under way already";
  FakeStreams& second = connector.connects();
  call();
  EXPECT_EQ(second.carried(), 1u);
}

TEST_F(StreamPoolTest, WaitsWhereTheBackendAllowsNoMore) {
  pool.configure({.pool = {.max_connections = 1, .max_waiting = 2}, .streams_per_connection = 4});
  call();
  FakeStreams& only = connector.connects(1);
  Call& second = call();
  Call& third = call();
  EXPECT_EQ(waiting.get(), 2u);
  EXPECT_TRUE(connector.waiting.empty());
  Call& fourth = call();
  ASSERT_EQ(fourth.reply.errors.size(), 1u);
  EXPECT_EQ(fourth.reply.errors[0].kind, ErrorKind::pool_full);
  EXPECT_TRUE(fourth.reply.errors[0].unprocessed);
  only.answers();
  turn();
  EXPECT_EQ(only.carried(), 1u) << "the second";
  pass(1'100ms);
  EXPECT_TRUE(second.reply.errors.empty());
  ASSERT_EQ(third.reply.errors.size(), 1u);
  EXPECT_EQ(third.reply.errors[0].kind, ErrorKind::pool_timeout);
  EXPECT_EQ(waiting.get(), 0u);
}

TEST_F(StreamPoolTest, ServesThoseWhoWaitAsSoonAsTheBackendAllowsMore) {
  pool.configure({.pool = {.max_connections = 1}, .streams_per_connection = 4});
  call();
  FakeStreams& only = connector.connects(1);
  call_times(2);
  only.allows(3);
  turn();
  EXPECT_EQ(only.carried(), 3u);
}

TEST_F(StreamPoolTest, AFailedConnectFailsAllWhoSharedIt) {
  call_times(3);
  connector.refuses();
  for (const auto& made : calls) {
    ASSERT_EQ(made->reply.errors.size(), 1u);
    EXPECT_EQ(made->reply.errors[0].kind, ErrorKind::connect_failed);
    EXPECT_TRUE(made->reply.errors[0].unprocessed);
  }
  EXPECT_EQ(failed.get(), 1u);
  turn();
  EXPECT_TRUE(connector.waiting.empty()) << "nobody asks for another";
}

TEST_F(StreamPoolTest, AFailedConnectSparesThoseWhomAnotherWillCarry) {
  call_times(6);
  ASSERT_EQ(connector.waiting.size(), 2u);
  connector.refuses();
  EXPECT_EQ(waiting.get(), 4u);
  EXPECT_EQ(calls[1]->reply.errors.size(), 1u);
  EXPECT_TRUE(calls[2]->reply.errors.empty());
  EXPECT_EQ(connector.connects().carried(), 4u);
}

TEST_F(StreamPoolTest, AConnectThatNobodyWaitsForIsNotRepeatedAtOnce) {
  call_times(1);
  connector.connects();
  call_times(4);
  connector.refuses();
  call();
  EXPECT_TRUE(connector.waiting.empty());
  pass(1s);
  call();
  EXPECT_EQ(connector.waiting.size(), 1u);
}

TEST_F(StreamPoolTest, ARequestThatGoesAwayLeavesTheQueue) {
  Call& first = call();
  first.exchange.pending->fail(first.exchange, {.kind = ErrorKind::client_gone});
  EXPECT_EQ(first.reply.errors.size(), 1u);
  EXPECT_EQ(connector.connects().carried(), 0u);
  EXPECT_EQ(pool.open_connections(), 1u) << "kept for the next";
}

TEST_F(StreamPoolTest, KeepsTheLastConnectionWarmAndLetsTheOthersGo) {
  call_times(5);
  FakeStreams& first = connector.connects(4);
  FakeStreams& second = connector.connects();
  while (first.carried() > 0) first.answers();
  second.answers();
  pass(5s);
  EXPECT_EQ(pool.open_connections(), 1u);
  pass(1h);
  EXPECT_EQ(pool.open_connections(), 1u);
  EXPECT_EQ(open.get(), 1u);
}

TEST_F(StreamPoolTest, KeepsNothingWarmThatIsNotWanted) {
  settings.keep_warm = false;
  pool.configure(settings);
  call();
  connector.connects().answers();
  pass(5s);
  EXPECT_EQ(pool.open_connections(), 0u);
}

TEST_F(StreamPoolTest, ReplacesAConnectionThatDiesWhileTheEndpointIsInUse) {
  call();
  FakeStreams& connection = connector.connects();
  connection.answers();
  pass(10s);
  connection.closes();
  turn();
  EXPECT_EQ(connector.waiting.size(), 1u);
}

TEST_F(StreamPoolTest, DoesNotReplaceAConnectionThatNobodyUses) {
  call();
  FakeStreams& connection = connector.connects();
  connection.answers();
  pass(2min);
  connection.closes();
  turn();
  EXPECT_TRUE(connector.waiting.empty());
  EXPECT_TRUE(pool.unused());
}

TEST_F(StreamPoolTest, DoesNotPesterABackendThatClosesWhatNobodyHasUsed) {
  call();
  connector.connects().closes();
  turn();
  ASSERT_EQ(connector.waiting.size(), 1u);
  connector.connects().closes();
  turn();
  EXPECT_TRUE(connector.waiting.empty());
  call();
  EXPECT_EQ(connector.waiting.size(), 1u) << "whoever needs one gets it";
}

TEST_F(StreamPoolTest, ReplacesAConnectionThatSaysGoodbyeBeforeItIsNeeded) {
  call();
  FakeStreams& old = connector.connects();
  old.says_goaway();
  turn();
  ASSERT_EQ(connector.waiting.size(), 1u);
  FakeStreams& next = connector.connects();
  call();
  EXPECT_EQ(old.carried(), 1u);
  EXPECT_EQ(next.carried(), 1u);
}

TEST_F(StreamPoolTest, AConnectionThatOnlyEndsItsStreamsDoesNotCountAgainstTheLimit) {
  pool.configure({.pool = {.max_connections = 1}, .streams_per_connection = 4});
  call();
  connector.connects().says_goaway();
  turn();
  ASSERT_EQ(connector.waiting.size(), 1u);
  FakeStreams& second = connector.connects();
  call();
  second.says_goaway();
  turn();
  call();
  EXPECT_EQ(pool.open_connections(), 2u);
  EXPECT_TRUE(connector.waiting.empty()) << "twice as many at most";
  second.answers();
  turn();
  EXPECT_EQ(connector.waiting.size(), 1u);
}

TEST_F(StreamPoolTest, LooksAtAnIdleConnectionBeforeAPostUsesIt) {
  call();
  FakeStreams& connection = connector.connects();
  connection.answers();
  connection.open = false;
  pass(50ms);
  Call& second = call(Method::post);
  EXPECT_TRUE(second.reply.errors.empty());
  EXPECT_EQ(connector.waiting.size(), 1u);
}

TEST_F(StreamPoolTest, AConnectionIsWornOutAfterItsLimit) {
  settings.pool.max_requests_per_connection = 2;
  pool.configure(settings);
  call();
  FakeStreams& connection = connector.connects();
  call();
  turn();
  EXPECT_TRUE(connection.closing);
  EXPECT_EQ(connector.waiting.size(), 1u) << "the next is made ahead";
  connection.answers();
  connection.answers();
  turn();
  EXPECT_EQ(pool.open_connections(), 0u);
}

TEST_F(StreamPoolTest, RetiredKeepsNothing) {
  call_times(2);
  FakeStreams& connection = connector.connects();
  connection.answers();
  pool.retire();
  turn();
  EXPECT_EQ(pool.open_connections(), 1u) << "what is in flight goes on";
  connection.answers();
  turn();
  EXPECT_TRUE(pool.unused());
  EXPECT_TRUE(connector.waiting.empty());
  Call& late = call();
  connector.connects().answers();
  turn();
  EXPECT_TRUE(late.reply.errors.empty()) << "whoever was sent here before is served";
  EXPECT_TRUE(pool.unused());
}

// Everything that can happen, in any order; what must hold after each step.
class StreamPoolSteps : public StreamPoolTest {
 protected:
  void step() {
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
        call(random.below(2) == 0 ? Method::get : Method::post);
        break;
      case 3:
      case 4:
        if (FakeStreams* some = any(); some != nullptr && some->carried() > 0) {
          some->answers(random.below(some->carried()));
        }
        break;
      case 5:
        if (!connector.waiting.empty()) connector.connects(random.below(8));
        break;
      case 6:
        if (!connector.waiting.empty() && random.below(3) == 0) connector.refuses();
        break;
      case 7:
        if (FakeStreams* some = any(); some != nullptr && random.below(4) == 0) some->closes();
        break;
      case 8:
        if (FakeStreams* some = any()) some->says_goaway();
        break;
      case 9:
        if (FakeStreams* some = any()) some->allows(random.below(8));
        break;
      case 10:
        cancel_one();
        break;
      default:
        pass(std::chrono::milliseconds(random.below(2'000)));
    }
    turn();
  }

  FakeStreams* any() {
    return connector.alive.empty()
               ? nullptr
               : connector.alive[random.below(static_cast<std::uint32_t>(connector.alive.size()))];
  }

  void cancel_one() {
    if (calls.empty()) return;
    Call& some = *calls[random.below(static_cast<std::uint32_t>(calls.size()))];
    if (some.exchange.pending != nullptr) {
      some.exchange.pending->fail(some.exchange, {.kind = ErrorKind::client_gone});
    }
  }

  void check() {
    std::size_t under_way = 0;
    for (const auto& made : calls) {
      ASSERT_LE(made->reply.errors.size(), 1u) << "failed twice";
      under_way += made->exchange.pending != nullptr;
    }
    std::erase_if(calls, [](const auto& made) { return made->exchange.pending == nullptr; });
    std::size_t carried = 0;
    std::size_t open_for_more = 0;
    bool has_room = false;
    for (const FakeStreams* some : connector.alive) {
      carried += some->carried();
      open_for_more += !some->closing;
      has_room |= some->room() > 0;
    }
    const std::size_t most = settings.pool.max_connections;
    const std::size_t total = connector.alive.size() + connector.waiting.size();
    ASSERT_EQ(waiting.get(), under_way - carried);
    ASSERT_EQ(open.get(), connector.alive.size());
    ASSERT_EQ(opened.get() - closed.get(), open.get());
    ASSERT_LE(open_for_more, most);
    ASSERT_LE(total, 2 * most);
    if (waiting.get() == 0) return;
    ASSERT_FALSE(has_room) << "a wake-up was lost";
    ASSERT_TRUE(!connector.waiting.empty() || open_for_more == most || total == 2 * most)
        << "nothing is under way for those who wait";
  }

  Random random{7};
};

TEST_F(StreamPoolSteps, KeepWhatMustHold) {
  for (int i = 0; i < 100'000; ++i) {
    step();
    check();
    if (HasFatalFailure()) FAIL() << "in step " << i;
  }
  EXPECT_GT(waits.get(), 1'000u);
  EXPECT_GT(opened.get(), 1'000u);
  pool.retire();
  for (const auto& made : calls) {
    if (made->exchange.pending == nullptr) continue;
    made->exchange.pending->fail(made->exchange, {.kind = ErrorKind::client_gone});
  }
  turn();
  while (!connector.waiting.empty()) connector.connects();
  turn();
  EXPECT_TRUE(pool.unused());
  EXPECT_EQ(waiting.get(), 0u);
  EXPECT_EQ(open.get(), 0u);
}

}  // namespace
}  // namespace skiff
