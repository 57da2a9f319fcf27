#include "sidecar/codec/http2_session_output.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

struct Http2OutputTest : testing::Test {
  ScriptedPeer peer;
  TransportPtr transport = ScriptedTransport::make(peer);
  Http2Output output;
};

TEST_F(Http2OutputTest, SendsAllInOrder) {
  const std::string large(10'000, 'x');
  EXPECT_TRUE(output.empty());
  output.copy("a");
  output.copy("b");
  EXPECT_FALSE(output.borrows());
  output.borrow(large);
  output.copy("c");
  EXPECT_TRUE(output.borrows());
  EXPECT_EQ(output.given(), 10'003U);
  EXPECT_EQ(output.send(*transport), Http2Output::Sent::all);
  EXPECT_EQ(peer.got(), "ab" + large + "c");
  EXPECT_TRUE(output.empty());
}

TEST_F(Http2OutputTest, KeepsWhatThePeerDoesNotTake) {
  std::string large(10'000, 'x');
  output.copy("ab");
  output.borrow(large);
  output.copy("c");
  peer.takes_only(5'000);
  EXPECT_EQ(output.send(*transport), Http2Output::Sent::some);
  std::fill(large.begin(), large.end(), '!');
  EXPECT_EQ(output.waiting(), 5'003U);
  EXPECT_EQ(output.send(*transport), Http2Output::Sent::some);
  peer.takes_all();
  output.copy("d");
  EXPECT_EQ(output.send(*transport), Http2Output::Sent::all);
  EXPECT_TRUE(peer.got() == "ab" + std::string(10'000, 'x') + "cd");
}

TEST_F(Http2OutputTest, SaysWhenItIsFull) {
  const std::string frame(16'000, 'x');
  int frames = 0;
  for (; output.has_room(); ++frames) output.copy(frame);
  EXPECT_EQ(frames, 4);
  EXPECT_EQ(output.send(*transport), Http2Output::Sent::all);
  EXPECT_TRUE(output.has_room());
  for (frames = 0; output.has_room(); ++frames) output.borrow(frame);
  EXPECT_EQ(frames, 17) << "256 KiB";
}

TEST_F(Http2OutputTest, GathersNoMoreThanItMay) {
  Http2Output small(1'000);
  small.copy(std::string(999, 'x'));
  EXPECT_TRUE(small.has_room());
  small.copy("x");
  EXPECT_FALSE(small.has_room());
}

TEST_F(Http2OutputTest, SaysThatTheConnectionIsLost) {
  output.copy("a");
  peer.resets_unseen();
  EXPECT_EQ(output.send(*transport), Http2Output::Sent::broken);
}

}  // namespace
}  // namespace skiff
