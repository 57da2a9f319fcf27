#include "sidecar/codec/http2_session_resets.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using By = Http2SessionResets::By;

TEST(Http2SessionResets, TellsWhoResetAStream) {
  Http2SessionResets resets(100);
  resets.by_us(3);
  resets.by_peer(5);
  EXPECT_EQ(resets.of(1), By::nobody);
  EXPECT_EQ(resets.of(3), By::us);
  EXPECT_EQ(resets.of(5), By::peer);
  EXPECT_EQ(resets.of(7), By::nobody);
}

TEST(Http2SessionResets, OursCountsWhereBothDid) {
  Http2SessionResets resets(100);
  resets.by_us(3);
  resets.by_peer(3);
  resets.by_peer(5);
  resets.by_us(5);
  EXPECT_EQ(resets.of(3), By::us);
  EXPECT_EQ(resets.of(5), By::us);
}

TEST(Http2SessionResets, WhatIsForgottenMayHaveBeenOurs) {
  Http2SessionResets resets(100);
  resets.by_peer(41);
  for (int stream = 43; stream < 75; stream += 2) resets.by_peer(stream);
  EXPECT_EQ(resets.of(41), By::us);
  EXPECT_EQ(resets.of(7), By::us) << "older than what is forgotten";
  EXPECT_EQ(resets.of(43), By::peer);
  EXPECT_EQ(resets.of(73), By::peer);
  EXPECT_EQ(resets.of(75), By::nobody);
}

TEST(Http2SessionResets, SoMuchMayComeLate) {
  Http2SessionResets resets(100);
  EXPECT_FALSE(resets.takes_late(1)) << "nothing was reset";
  resets.by_us(1);
  resets.by_us(1);
  EXPECT_TRUE(resets.takes_late(60));
  EXPECT_FALSE(resets.takes_late(0)) << "serves nothing";
  EXPECT_TRUE(resets.takes_late(40));
  EXPECT_FALSE(resets.takes_late(1));
  resets.by_us(3);
  EXPECT_TRUE(resets.takes_late(100));
}

TEST(Http2SessionResets, TheCountOfWhatComesLateNeverWraps) {
  Http2SessionResets resets(100);
  resets.by_us(1);
  EXPECT_FALSE(resets.takes_late(101));
  EXPECT_FALSE(resets.takes_late(1));
}

}  // namespace
}  // namespace skiff
