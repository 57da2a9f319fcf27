#include "sidecar/codec/byte_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

class ByteStreamTest : public testing::Test, private ByteStream::User {
 protected:
  void turn() {
    loop.io().restart();
    loop.io().poll();
  }

  bool give(std::string_view bytes) {
    stream.give(bytes);
    return stream.flush();
  }

  bool received(std::string_view bytes) override {
    got += bytes;
    largest = std::max(largest, bytes.size());
    if (reads++ == most_reads) stream.close();
    return takes_more;
  }
  void received_end() override { ++ends; }
  void sent() override { ++sents; }
  void lost() override {
    ++losses;
    stream.close();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  ScriptedPeer peer;
  ByteStream stream{loop, ScriptedTransport::make(peer), *this};
  std::string got;
  std::size_t largest = 0;
  bool takes_more = true;
  int reads = 0;
  int most_reads = 1'000;
  int ends = 0;
  int sents = 0;
  int losses = 0;
};

TEST_F(ByteStreamTest, ReadsNothingBeforeItBegins) {
  peer.sends("early");
  EXPECT_EQ(got, "");
  stream.begin();
  turn();
  EXPECT_EQ(got, "early");
  peer.sends(" late");
  EXPECT_EQ(got, "early late");
}

TEST_F(ByteStreamTest, TellsABreakBeforeItBegins) {
  peer.resets();
  EXPECT_EQ(losses, 1);
}

TEST_F(ByteStreamTest, KnowsWhetherThePeerHasStirred) {
  EXPECT_TRUE(stream.is_untouched());
  peer.ends();
  EXPECT_FALSE(stream.is_untouched());
}

TEST_F(ByteStreamTest, StopsReadingUntilResumed) {
  stream.begin();
  takes_more = false;
  peer.sends("a");
  peer.sends("b");
  EXPECT_EQ(got, "a");
  takes_more = true;
  stream.resume();
  EXPECT_EQ(got, "a") << "not within the call";
  turn();
  EXPECT_EQ(got, "ab");
}

TEST_F(ByteStreamTest, ReadsMoreAtATimeWhenTheStreamIsLong) {
  stream.begin();
  peer.sends(std::string(1'000'000, 'x'));
  turn();
  EXPECT_EQ(got.size(), 1'000'000u);
  EXPECT_EQ(largest, Loop::bulk_read_size);
  largest = 0;
  peer.sends("end of it");
  peer.sends(std::string(Loop::read_size + 1, 'y'));
  EXPECT_EQ(largest, Loop::read_size) << "and less again when it is not";
}

TEST_F(ByteStreamTest, LetsOthersHaveTheirTurn) {
  stream.begin();
  peer.largest_read = 1;
  peer.sends(std::string(20, 'x'));
  EXPECT_EQ(got.size(), 8u);
  turn();
  EXPECT_EQ(got.size(), 20u);
}

TEST_F(ByteStreamTest, SeesAnEndThatCameWithTheLastBytes) {
  peer.sends("all");
  peer.ends();
  stream.begin();
  turn();
  EXPECT_EQ(got, "all");
  EXPECT_EQ(ends, 1);
  turn();
  EXPECT_EQ(ends, 1);
  peer.resets();
  EXPECT_EQ(losses, 1) << "it still watches for a break";
}

TEST_F(ByteStreamTest, MayBeClosedWithinACall) {
  most_reads = 0;
  peer.sends("bye");
  stream.begin();
  turn();
  EXPECT_TRUE(peer.closed());
  EXPECT_FALSE(stream.is_open());
}

TEST_F(ByteStreamTest, KeepsWhatThePeerDoesNotTake) {
  peer.takes_only(3);
  EXPECT_FALSE(give("abcdef"));
  EXPECT_FALSE(give("gh"));
  EXPECT_EQ(peer.got(), "abc");
  peer.takes_all();
  EXPECT_EQ(peer.got(), "defgh");
  EXPECT_EQ(sents, 1);
  EXPECT_TRUE(give("i"));
  EXPECT_EQ(peer.got(), "i");
}

TEST_F(ByteStreamTest, EndsBehindTheLastByte) {
  peer.takes_only(1);
  EXPECT_FALSE(give("ab"));
  stream.end();
  EXPECT_FALSE(stream.flush());
  EXPECT_FALSE(peer.sees_end());
  peer.takes_all();
  EXPECT_EQ(peer.got(), "ab");
  EXPECT_TRUE(peer.sees_end());
  EXPECT_TRUE(stream.ended());
  EXPECT_FALSE(peer.closed()) << "the peer may go on";
}

TEST_F(ByteStreamTest, TellsABreakThatItFindsInWriting) {
  peer.resets_unseen();
  EXPECT_FALSE(give("a"));
  EXPECT_EQ(losses, 1);
}

TEST_F(ByteStreamTest, ResetsSoThatItIsNoEnd) {
  stream.reset();
  EXPECT_TRUE(peer.was_reset());
  EXPECT_TRUE(peer.closed());
}

}  // namespace
}  // namespace skiff
