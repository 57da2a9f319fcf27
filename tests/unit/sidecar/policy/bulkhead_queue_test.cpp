#include "sidecar/policy/bulkhead_queue.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace skiff {
namespace {

using Order = BulkheadQueue::Order;

class One final : public BulkheadWaiter {
 public:
  using BulkheadWaiter::BulkheadWaiter;
};

struct BulkheadQueueTest : testing::Test {
  One& add(Criticality criticality) {
    One& one = all.emplace_back(inbox);
    queue.add(one, criticality);
    return one;
  }

  int woken = 0;
  BulkheadInbox inbox{[this] { ++woken; }};
  std::deque<One> all;
  BulkheadQueue queue;
};

TEST_F(BulkheadQueueTest, TheOldestOrTheNewestIsNext) {
  One& first = add(Criticality::normal);
  One& second = add(Criticality::normal);
  EXPECT_EQ(queue.next(Order::fifo), &first);
  EXPECT_EQ(queue.next(Order::lifo), &second);
  queue.remove(first);
  EXPECT_EQ(queue.next(Order::fifo), &second);
  queue.remove(second);
  EXPECT_EQ(queue.next(Order::fifo), nullptr);
  EXPECT_TRUE(queue.empty());
}

TEST_F(BulkheadQueueTest, WhatMattersMoreIsNextWhenEverItCame) {
  One& sheddable = add(Criticality::sheddable);
  One& critical = add(Criticality::critical);
  One& normal = add(Criticality::normal);
  for (One* expected : {&critical, &normal, &sheddable}) {
    EXPECT_EQ(queue.next(Order::fifo), expected);
    EXPECT_EQ(queue.next(Order::lifo), expected);
    queue.remove(*expected);
  }
}

TEST_F(BulkheadQueueTest, TheLastOfTheLowestGivesWay) {
  add(Criticality::normal);
  One& first = add(Criticality::sheddable);
  One& last = add(Criticality::sheddable);
  EXPECT_EQ(queue.last_below(Criticality::critical, Order::fifo), &last);
  EXPECT_EQ(queue.last_below(Criticality::normal, Order::lifo), &first);
  EXPECT_EQ(queue.last_below(Criticality::sheddable, Order::fifo), nullptr);
}

TEST_F(BulkheadQueueTest, NobodyGivesWayToItsEqual) {
  add(Criticality::normal);
  EXPECT_EQ(queue.last_below(Criticality::normal, Order::fifo), nullptr);
}

TEST_F(BulkheadQueueTest, AnyPlaceMayBeLeft) {
  One& first = add(Criticality::normal);
  One& middle = add(Criticality::normal);
  One& last = add(Criticality::normal);
  queue.remove(middle);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.next(Order::fifo), &first);
  queue.remove(first);
  EXPECT_EQ(queue.next(Order::fifo), &last);
}

TEST_F(BulkheadQueueTest, AnInboxIsWokenForItsFirstOnly) {
  One first(inbox), second(inbox);
  EXPECT_TRUE(inbox.put(first, true));
  EXPECT_FALSE(inbox.put(second, false));
  inbox.wake();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(inbox.take(), &first);
  EXPECT_TRUE(first.granted());
  EXPECT_EQ(inbox.take(), &second);
  EXPECT_FALSE(second.granted());
  EXPECT_EQ(inbox.take(), nullptr);
  EXPECT_TRUE(inbox.put(first, true)) << "it was empty again";
}

TEST_F(BulkheadQueueTest, WhoHasLeftTheInboxIsNotFoundThere) {
  One first(inbox), second(inbox);
  inbox.put(first, true);
  inbox.put(second, true);
  inbox.remove(first);
  EXPECT_EQ(inbox.take(), &second);
  EXPECT_EQ(inbox.take(), nullptr);
}

}  // namespace
}  // namespace skiff
