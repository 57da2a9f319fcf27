#include "sidecar/policy/answer_store.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

const TimePoint start = TimePoint{} + 1h;
constexpr AnswerLimits plenty{.max_age = 1min, .max_bytes = 1'000'000, .max_entries = 100};

class AnswerStoreTest : public testing::Test {
 protected:
  AnswerStoreTest() { store.configure(plenty); }

  void put(std::string_view key, std::string_view body, Duration at = 0s, Duration age = 0s) {
    const std::string text = "a: b\r\n" + std::string(body);
    store.put(key, text, 6, age, start + at);
  }
  std::string find(std::string_view key, Duration at = 0s) {
    const auto found = store.find(key, start + at);
    return found.answer == nullptr ? "none" : std::string(found.answer->body());
  }

  AnswerStore store;
};

TEST_F(AnswerStoreTest, GivesBackHeadAndBody) {
  put("x", "hello");
  const auto found = store.find("x", start + 5s);
  ASSERT_NE(found.answer, nullptr);
  EXPECT_EQ(found.answer->head(), "a: b\r\n");
  EXPECT_EQ(found.answer->body(), "hello");
  EXPECT_EQ(found.age, 5s);
  EXPECT_EQ(find("other"), "none");
}

TEST_F(AnswerStoreTest, KeepsTheLastOne) {
  put("x", "first");
  put("x", "second", 1s);
  EXPECT_EQ(find("x", 1s), "second");
  EXPECT_EQ(store.size(), 1u);
}

TEST_F(AnswerStoreTest, TheSameAgainIsYoungAgain) {
  put("x", "same");
  const std::uint64_t bytes = store.bytes();
  put("x", "same", 50s);
  EXPECT_EQ(store.bytes(), bytes);
  EXPECT_EQ(find("x", 100s), "same");
}

TEST_F(AnswerStoreTest, ForgetsWhatIsTooOld) {
  put("x", "old");
  EXPECT_EQ(find("x", 60s), "old");
  EXPECT_EQ(find("x", 60s + 1ms), "none");
  EXPECT_EQ(store.size(), 0u);
  EXPECT_EQ(store.bytes(), 0u);
}

TEST_F(AnswerStoreTest, CountsTheAgeThatAnAnswerCameWith) {
  put("x", "aged", 0s, 50s);
  EXPECT_EQ(store.find("x", start).age, 50s);
  EXPECT_EQ(find("x", 11s), "none");
}

TEST_F(AnswerStoreTest, TheLeastRecentlyUsedGoesFirst) {
  store.configure({.max_age = 1min, .max_bytes = 1'000'000, .max_entries = 2});
  put("a", "1");
  put("b", "2");
  EXPECT_EQ(find("a"), "1");
  put("c", "3");
  EXPECT_EQ(find("b"), "none");
  EXPECT_EQ(find("a"), "1");
  EXPECT_EQ(find("c"), "3");
}

TEST_F(AnswerStoreTest, NeverHoldsMoreThanItsBytes) {
  store.configure({.max_age = 1min, .max_bytes = 10'000, .max_entries = 1'000});
  const std::string body(1'000, 'x');
  for (int i = 0; i < 100; ++i) {
    put(std::to_string(i), body);
    EXPECT_LE(store.bytes(), 10'000u);
  }
  EXPECT_GE(store.size(), 5u);
  put("large", std::string(20'000, 'x'));
  EXPECT_EQ(find("large"), "none");
  EXPECT_LE(store.bytes(), 10'000u);
}

TEST_F(AnswerStoreTest, NewLimitsHoldAtOnce) {
  for (int i = 0; i < 10; ++i) put(std::to_string(i), "x");
  store.configure({.max_age = 1s, .max_bytes = 1'000'000, .max_entries = 3});
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(find("9", 1s), "x");
  EXPECT_EQ(find("9", 2s), "none");
}

TEST_F(AnswerStoreTest, WhoReadsKeepsWhatIsReplaced) {
  put("x", "first");
  const auto held = store.find("x", start);
  put("x", "second");
  EXPECT_EQ(held.answer->body(), "first");
}

}  // namespace
}  // namespace skiff
