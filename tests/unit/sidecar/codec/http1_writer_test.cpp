#include "sidecar/codec/http1_writer.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

class Http1WriterTest : public testing::Test {
 protected:
  ScriptedPeer peer;
  TransportPtr transport = ScriptedTransport::make(peer);
  Arena arena;
  Http1Writer writer;
};

TEST_F(Http1WriterTest, SendsHeadAndBodyTogether) {
  writer.begin(arena, "head", false);
  writer.data("body");
  writer.end({});
  EXPECT_EQ(peer.got(), "") << "nothing before flush()";
  EXPECT_EQ(writer.flush(*transport), Http1Writer::Flushed::all);
  EXPECT_EQ(peer.got(), "headbody");
  EXPECT_EQ(writer.sent(), 8u);
  EXPECT_TRUE(writer.empty());
}

TEST_F(Http1WriterTest, FramesChunks) {
  writer.begin(arena, "head|", true);
  writer.data("abc");
  writer.data("");
  writer.data("0123456789abcdef");
  writer.end({});
  writer.flush(*transport);
  EXPECT_EQ(peer.got(), "head|3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

TEST_F(Http1WriterTest, KeepsWhatIsNotTakenAndOwnsIt) {
  std::string body = "0123456789";
  peer.takes_only(6);
  writer.begin(arena, "head", false);
  writer.data(body);
  EXPECT_EQ(writer.flush(*transport), Http1Writer::Flushed::some);
  body = "xxxxxxxxxx";  // The read buffer is used again.
  peer.takes_all();
  EXPECT_EQ(writer.flush(*transport), Http1Writer::Flushed::all);
  EXPECT_EQ(peer.got(), "head0123456789");
}

TEST_F(Http1WriterTest, WhatComesLaterStaysBehindWhatWaits) {
  peer.takes_only(2);
  writer.begin(arena, "head", false);
  writer.flush(*transport);
  writer.data("more");
  EXPECT_EQ(writer.flush(*transport), Http1Writer::Flushed::some);
  peer.takes_all();
  EXPECT_EQ(writer.flush(*transport), Http1Writer::Flushed::all);
  EXPECT_EQ(peer.got(), "headmore");
}

TEST_F(Http1WriterTest, TakesAnyNumberOfPieces) {
  std::string expected = "head";
  writer.begin(arena, "head", true);
  for (int i = 0; i < 500; ++i) {
    writer.data("ab");
    expected += "2\r\nab\r\n";
  }
  writer.flush(*transport);
  EXPECT_EQ(peer.got(), expected);
}

TEST_F(Http1WriterTest, AMessageMayBeginBeforeTheLastOneIsSent) {
  peer.takes_only(0);
  writer.begin(arena, "first", false);
  writer.flush(*transport);
  writer.forget();
  writer.begin(arena, "second", false);
  peer.takes_all();
  writer.flush(*transport);
  EXPECT_EQ(peer.got(), "firstsecond");
}

TEST_F(Http1WriterTest, SaysThatTheConnectionIsBroken) {
  peer.resets();
  writer.begin(arena, "head", false);
  EXPECT_EQ(writer.flush(*transport), Http1Writer::Flushed::broken);
  EXPECT_EQ(writer.sent(), 0u);
}

}  // namespace
}  // namespace skiff
