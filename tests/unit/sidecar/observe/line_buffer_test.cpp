#include "sidecar/observe/line_buffer.h"

#include <gtest/gtest.h>

#include <thread>

namespace skiff {
namespace {

std::string taken_from(LineBuffer& lines) {
  std::string all;
  lines.take(all);
  return all;
}

TEST(LineBuffer, GivesLinesInTheirOrder) {
  LineBuffer lines(64);
  EXPECT_EQ(taken_from(lines), "");
  EXPECT_TRUE(lines.push("one\n"));
  EXPECT_TRUE(lines.push("two\n"));
  EXPECT_EQ(taken_from(lines), "one\ntwo\n");
  EXPECT_EQ(taken_from(lines), "");
}

TEST(LineBuffer, TakesAllOfALineOrNothing) {
  LineBuffer lines(16);
  EXPECT_TRUE(lines.push("0123456789\n"));
  EXPECT_FALSE(lines.push("012345\n"));
  EXPECT_TRUE(lines.push("0123\n"));
  EXPECT_FALSE(lines.push("\n"));
  EXPECT_EQ(taken_from(lines), "0123456789\n0123\n");
  EXPECT_FALSE(lines.push(std::string(17, 'x')));
}

TEST(LineBuffer, WrapsAround) {
  LineBuffer lines(16);
  for (int i = 0; i < 100; ++i) {
    const std::string line(1 + i % 16, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(lines.push(line));
    ASSERT_EQ(taken_from(lines), line);
  }
}

TEST(LineBuffer, CarriesWholeLinesBetweenTwoThreads) {
  LineBuffer lines(1024);
  std::thread producer([&] {
    for (int i = 0; i < 20'000; ++i) {
      while (!lines.push(std::to_string(i) + "\n")) std::this_thread::yield();
    }
  });
  std::string all;
  while (!all.ends_with("\n19999\n")) lines.take(all);
  producer.join();

  std::string expected;
  for (int i = 0; i < 20'000; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace skiff
