#include "sidecar/http/path.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

std::string canonical(std::string_view text) {
  Arena arena;
  const auto target = canonical_target(text, arena);
  return target ? std::string(target->target) : "refused";
}

TEST(CanonicalTarget, StaysWhereItIsWhenNothingChanges) {
  Arena arena;
  const std::string_view text = "/api/products/17?x=1&y=/../";
  const auto target = canonical_target(text, arena);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->target.data(), text.data());
  EXPECT_EQ(target->target, text);
  EXPECT_EQ(target->path, "/api/products/17");
  EXPECT_EQ(target->query, "x=1&y=/../");
}

TEST(CanonicalTarget, KeepsTheQueryBehindAChangedPath) {
  Arena arena;
  const auto target = canonical_target("/a/./b?c=%61/..", arena);
  ASSERT_TRUE(target);
  EXPECT_EQ(target->target, "/a/b?c=%61/..");
  EXPECT_EQ(target->path, "/a/b");
  EXPECT_EQ(target->query, "c=%61/..");
}

TEST(CanonicalTarget, TellsAnEmptyQueryFromNoneInTheTargetOnly) {
  EXPECT_EQ(canonical("/a?"), "/a?");
  EXPECT_EQ(canonical("/a"), "/a");
  EXPECT_EQ(canonical("//a?"), "/a?");
}

// RFC 3986, 5.2.4, and merged slashes.
TEST(CanonicalTarget, ResolvesDotSegmentsAndMergesSlashes) {
  const std::pair<const char*, const char*> paths[] = {
      {"/a/b/c/./../../g", "/a/g"},
      {"/mid/content=5/../6", "/mid/6"},
      {"/./g", "/g"},
      {"/a/..", "/"},
      {"/a/../", "/"},
      {"/a/.", "/a/"},
      {"/a//../b", "/b"},
      {"//", "/"},
      {"/a///b", "/a/b"},
      {"/.a/..b/c.", "/.a/..b/c."},
      {"/a/b/../../c/..", "/"},
  };
  for (const auto& [text, wanted] : paths) EXPECT_EQ(canonical(text), wanted) << text;
}

TEST(CanonicalTarget, DecodesWhatNeedsNoEscapeAndNothingElse) {
  EXPECT_EQ(canonical("/%61%5a%30%2d%2e%5f%7ex"), "/aZ0-._~x");
  EXPECT_EQ(canonical("/%20%c3%a9%25%3f%23%3b"), "/%20%C3%A9%25%3F%23%3B");
  EXPECT_EQ(canonical("/%2e%2E/a"), "refused");
  EXPECT_EQ(canonical("/a/%2e%2E/b"), "/b");
  EXPECT_EQ(canonical("/%252e%252e/a"), "/%252e%252e/a") << "decoded once, never twice";
}

TEST(CanonicalTarget, IsTheSameWhenTakenAgain) {
  for (const char* text : {"/a/../b", "/%61", "//x//", "/%c3%a9", "/a/./?q", "/%2561"}) {
    const std::string once = canonical(text);
    EXPECT_EQ(canonical(once), once);
  }
}

TEST(CanonicalTarget, IsRefusedWhereBackendsDisagree) {
  for (const char* text :
       {"",      "a",      "*",  "?",   "/..",  "/a/../..", "/%2f", "/%5C",  "/%00",
        "/a;b",  "/\\",    "/%", "/%4", "/%4x", "/#",       "/?#",  "/ ",    "/?a b",
        "/\x80", "/?\x80", "/<", "/\"", "/{",   "/^",       "/`",   "/\x7f", "/?\x01"})
    EXPECT_EQ(canonical(text), "refused") << text;
  EXPECT_EQ(canonical(std::string_view("/\0", 2)), "refused");
}

TEST(CanonicalTarget, AgreesOnEveryByteInAPathWhetherItIsScannedOrRewritten) {
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '%' || byte == '/' || byte == '.' || byte == '?') continue;
    const std::string tail = std::string("a") + static_cast<char>(byte) + "b";
    EXPECT_EQ(canonical("/" + tail), canonical("//" + tail)) << byte;
  }
}

}  // namespace
}  // namespace skiff
