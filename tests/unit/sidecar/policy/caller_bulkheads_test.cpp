#include "sidecar/policy/caller_bulkheads.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

std::string identity(std::size_t i) { return "spiffe://mesh/ns/shop/sa/" + std::to_string(i); }

struct CallerBulkheadsTest : testing::Test {
  static BulkheadLimitConfig one_at_a_time() {
    return {.max_concurrent = 1, .max_queue = 0, .adaptive = {}};
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    callers.visit([&all](std::string_view caller, const Bulkhead&) { all.emplace_back(caller); });
    return all;
  }

  std::vector<std::string> full;
  CallerBulkheads callers{"application", one_at_a_time(),
                          [this](const PolicyEvent& event) { full.emplace_back(event.subject); }};
};

TEST_F(CallerBulkheadsTest, EachIdentityHasItsOwn) {
  EXPECT_TRUE(callers.of(identity(1)).try_admit());
  EXPECT_FALSE(callers.of(identity(1)).try_admit());
  EXPECT_TRUE(callers.of(identity(2)).try_admit());
}

TEST_F(CallerBulkheadsTest, ThoseWithoutIdentityShareOne) {
  EXPECT_TRUE(callers.of("").try_admit());
  EXPECT_FALSE(callers.of("").try_admit());
  EXPECT_TRUE(callers.of("plain").try_admit()) << "not even of that name";
}

TEST_F(CallerBulkheadsTest, TheLeastRecentlyUsedMakesRoom) {
  for (std::size_t i = 0; i < CallerBulkheads::most; ++i) callers.of(identity(i));
  callers.of(identity(0));
  callers.of("new");
  const auto all = names();
  EXPECT_EQ(all.size(), CallerBulkheads::most + 2);
  EXPECT_EQ(std::count(all.begin(), all.end(), identity(0)), 1);
  EXPECT_EQ(std::count(all.begin(), all.end(), identity(1)), 0);
}

TEST_F(CallerBulkheadsTest, NobodyGetsMoreByBeingForgotten) {
  std::vector<Bulkhead*> all;
  for (std::size_t i = 0; i < CallerBulkheads::most; ++i) {
    all.push_back(&callers.of(identity(i)));
    EXPECT_TRUE(all.back()->try_admit());
  }
  Bulkhead& others = callers.of("new");
  EXPECT_EQ(&others, &callers.of("newer")) << "all are at work";
  EXPECT_TRUE(others.try_admit());
  EXPECT_FALSE(callers.of("newest").try_admit());
  EXPECT_FALSE(callers.of(identity(0)).try_admit());
  all[5]->released({});
  EXPECT_NE(&callers.of("new"), &others) << "one has ended";
}

TEST_F(CallerBulkheadsTest, EventsNameWhoeverHasThePlaceNow) {
  for (std::size_t i = 0; i < CallerBulkheads::most; ++i) callers.of(identity(i));
  Bulkhead& bulkhead = callers.of("new");
  bulkhead.try_admit();
  BulkheadInbox inbox([] {});
  struct One final : BulkheadWaiter {
    using BulkheadWaiter::BulkheadWaiter;
  } one(inbox);
  bulkhead.admit(one, Criticality::normal, {});
  EXPECT_EQ(full, std::vector<std::string>{"application new"});
}

TEST_F(CallerBulkheadsTest, AChangeIsForAllOfThem) {
  callers.of(identity(1)).try_admit();
  callers.of("").try_admit();
  auto two = one_at_a_time();
  two.max_concurrent = 2;
  callers.configure(two);
  EXPECT_TRUE(callers.of(identity(1)).try_admit());
  EXPECT_TRUE(callers.of("").try_admit());
  EXPECT_TRUE(callers.of(identity(2)).try_admit());
  EXPECT_TRUE(callers.of(identity(2)).try_admit());
  EXPECT_FALSE(callers.of(identity(2)).try_admit());
}

class Backend final : public Forwarder {
 public:
  void forward(Exchange&, Reply&) override { ++sent; }

  int sent = 0;
};

TEST_F(CallerBulkheadsTest, TheLayerAsksForWhoCalls) {
  Loop loop(1);
  BulkheadWaits waits(loop);
  Backend backend;
  WithCallerBulkheads layer(waits, backend);
  Exchange first, second, other;
  RecordingReply reply;
  first.client_identity = second.client_identity = "one";
  other.client_identity = "other";
  layer.forward(second, reply);
  EXPECT_EQ(backend.sent, 1) << "no limit yet";
  layer.use(&callers);
  layer.forward(first, reply);
  layer.forward(second, reply);
  EXPECT_EQ(reply.errors.size(), 1u);
  layer.forward(other, reply);
  EXPECT_EQ(backend.sent, 3);
  first.finish({});
  layer.forward(second, reply);
  EXPECT_EQ(backend.sent, 4);
  second.finish({});
  other.finish({});
}

}  // namespace
}  // namespace skiff
