#include "sidecar/http/arena.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

// Takes so many bytes in pieces, each filled, and says where the pieces were.
std::vector<char*> take(Arena& arena, std::size_t bytes, std::size_t piece = 512) {
  std::vector<char*> taken;
  for (std::size_t done = 0; done < bytes; done += piece) {
    taken.push_back(arena.allocate(piece));
    std::memset(taken.back(), static_cast<int>(taken.size()), piece);
  }
  return taken;
}

TEST(Arena, GivesPiecesThatDoNotOverlap) {
  Arena arena;
  const std::vector<char*> taken = take(arena, 3 * Arena::next_block);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    EXPECT_EQ(std::string(taken[i], 512), std::string(512, static_cast<char>(i + 1)));
  }
}

TEST(Arena, AlignsWhatItGives) {
  Arena arena;
  arena.allocate(1, 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(8, 8)) % 8, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(arena.allocate(2 * Arena::next_block, 64)) % 64, 0U);
}

TEST(Arena, KeepsABlockForTheNextWhoNeedsMore) {
  std::vector<char*> first;
  {
    Arena arena;
    first = take(arena, 2 * Arena::first_block);
  }
  Arena arena;
  const std::vector<char*> second = take(arena, 2 * Arena::first_block);
  EXPECT_EQ(second.back(), first.back());
  arena.reset();
  EXPECT_EQ(take(arena, 2 * Arena::first_block), second);
}

TEST(Arena, CopiesNothingOfNothing) {
  Arena arena;
  EXPECT_EQ(arena.copy(std::string_view()), "");
}

TEST(Arena, GivesBlocksOutOnce) {
  Arena one;
  Arena other;
  const std::vector<char*> first = take(one, 2 * Arena::first_block);
  const std::vector<char*> second = take(other, 2 * Arena::first_block);
  EXPECT_NE(second.back(), first.back());
}

TEST(Arena, TakesMoreThanItKeeps) {
  for (int i = 0; i < 2; ++i) {
    std::vector<Arena> many(2 * Arena::most_spare);
    for (Arena& arena : many) take(arena, 2 * Arena::first_block);
  }
  Arena arena;
  EXPECT_EQ(arena.copy(std::string(3 * Arena::next_block, 'x')).size(), 3 * Arena::next_block);
}

}  // namespace
}  // namespace skiff
