#include "sidecar/http/criticality.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

// What becomes of a request that says `said` (empty: nothing) where a policy says `by_policy`.
struct Settled {
  Settled(std::string_view said, Criticality by_policy) {
    if (!said.empty()) exchange.request.headers.add(exchange.arena, "X-Skiff-Criticality", said);
    settle_criticality(by_policy, exchange);
  }
  std::string_view sent() const {
    const Field* const field = exchange.request.headers.find(FieldId::x_skiff_criticality);
    return field == nullptr ? std::string_view() : field->value();
  }

  Exchange exchange;
};

TEST(Criticality, IsReadInAnyCaseAndNothingElseIs) {
  EXPECT_EQ(parse_criticality("critical"), Criticality::critical);
  EXPECT_EQ(parse_criticality("Sheddable"), Criticality::sheddable);
  EXPECT_EQ(parse_criticality("NORMAL"), Criticality::normal);
  for (const char* word : {"", "crit", "criticality", "1", "critical,normal"}) {
    EXPECT_FALSE(parse_criticality(word)) << word;
  }
}

TEST(Criticality, ItsTextIsReadBack) {
  for (const auto each : {Criticality::sheddable, Criticality::normal, Criticality::critical}) {
    EXPECT_EQ(parse_criticality(criticality_text(each)), each);
  }
}

TEST(Criticality, WhatARequestSaysWinsOverThePolicyAndGoesOn) {
  const Settled settled("critical", Criticality::sheddable);
  EXPECT_EQ(settled.exchange.criticality, Criticality::critical);
  EXPECT_EQ(settled.sent(), "critical");
}

TEST(Criticality, ThePolicyIsForRequestsThatSayNoneAndTheNextHopIsTold) {
  const Settled settled("", Criticality::sheddable);
  EXPECT_EQ(settled.exchange.criticality, Criticality::sheddable);
  EXPECT_EQ(settled.sent(), "sheddable");
}

TEST(Criticality, NormalNeedNotBeSaid) {
  const Settled settled("", Criticality::normal);
  EXPECT_EQ(settled.exchange.criticality, Criticality::normal);
  EXPECT_EQ(settled.exchange.request.headers.size(), 0u);
}

TEST(Criticality, AWordThatMeansNothingIsNotSentOn) {
  const Settled by_default("urgent", Criticality::normal);
  EXPECT_EQ(by_default.exchange.criticality, Criticality::normal);
  EXPECT_EQ(by_default.sent(), "");
  EXPECT_EQ(Settled("urgent", Criticality::critical).sent(), "critical");
}

TEST(Criticality, WhoSettledItFirstWins) {
  Settled settled("", Criticality::critical);
  settle_criticality(Criticality::sheddable, settled.exchange);
  EXPECT_EQ(settled.exchange.criticality, Criticality::critical);
  EXPECT_EQ(settled.exchange.request.headers.size(), 1u);
}

TEST(Criticality, ARoutesNormalIsSaidSoThatTheTargetsPolicyDoesNotChangeIt) {
  Exchange exchange;
  say_criticality(Criticality::normal, exchange);
  settle_criticality(Criticality::sheddable, exchange);
  EXPECT_EQ(exchange.criticality, Criticality::normal);
}

TEST(Criticality, OfBytesHasNoField) {
  Exchange exchange;
  exchange.request.version = Version::bytes;
  settle_criticality(Criticality::sheddable, exchange);
  EXPECT_EQ(exchange.criticality, Criticality::sheddable);
  EXPECT_EQ(exchange.request.headers.size(), 0u);
}

}  // namespace
}  // namespace skiff
