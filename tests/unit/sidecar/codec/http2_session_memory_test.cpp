#include "sidecar/codec/http2_session_memory.h"

#include <gtest/gtest.h>

#include <cstring>

namespace skiff {
namespace {

TEST(Http2Memory, GivesAgainWhatWasGivenBack) {
  const nghttp2_mem& memory = *http2_memory();
  void* const first = memory.malloc(300, nullptr);
  memory.free(first, nullptr);
  void* const second = memory.malloc(400, nullptr);
  EXPECT_EQ(second, first) << "both need 512 bytes";
  memory.free(second, nullptr);
  memory.free(nullptr, nullptr);
}

TEST(Http2Memory, GrowsInPlaceWhileTheBlockIsLargeEnough) {
  const nghttp2_mem& memory = *http2_memory();
  auto* const small = static_cast<char*>(memory.realloc(nullptr, 65, nullptr));
  std::memcpy(small, "kept", 5);
  EXPECT_EQ(memory.realloc(small, 128, nullptr), small);
  auto* const large = static_cast<char*>(memory.realloc(small, 100'000, nullptr));
  EXPECT_STREQ(large, "kept");
  memory.free(large, nullptr);
}

TEST(Http2Memory, ClearsWhatItCounts) {
  const nghttp2_mem& memory = *http2_memory();
  void* const dirty = memory.malloc(64, nullptr);
  std::memset(dirty, 'x', 64);
  memory.free(dirty, nullptr);
  auto* const clean = static_cast<char*>(memory.calloc(8, 8, nullptr));
  for (int i = 0; i < 64; ++i) EXPECT_EQ(clean[i], 0);
  memory.free(clean, nullptr);
}

}  // namespace
}  // namespace skiff
