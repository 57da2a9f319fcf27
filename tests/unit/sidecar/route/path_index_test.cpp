#include "sidecar/route/path_index.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sidecar/route/route_table.h"
#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::MadeRequest;

constexpr auto exact = PathMatch::Type::exact;
constexpr auto prefix = PathMatch::Type::path_prefix;
constexpr auto regex = PathMatch::Type::regular_expression;

class PathIndexTest : public ::testing::Test {
 protected:
  void add(std::string name, PathMatch::Type type, std::string path, std::string method = "") {
    HTTPRouteMatch match;
    match.path = {type, std::move(path)};
    match.method = std::move(method);
    add(std::move(name), match);
  }
  void add(std::string name, const HTTPRouteMatch& match) {
    rules_.push_back(std::make_unique<RouteRule>());
    rules_.back()->name = std::move(name);
    matches_.push_back(std::make_unique<CompiledMatch>(match));
    index_.add({rules_.back().get(), matches_.back().get()});
  }
  std::string find(std::string_view target, std::string_view method = "GET") const {
    const Candidate* found = index_.find(MadeRequest(target, {}, method));
    return found == nullptr ? "none" : found->rule->name;
  }

 private:
  std::vector<std::unique_ptr<RouteRule>> rules_;
  std::vector<std::unique_ptr<CompiledMatch>> matches_;
  PathIndex index_;
};

TEST_F(PathIndexTest, TriesExactThenTheLongestPrefixThenRegularExpressions) {
  add("regex", regex, "/.*");
  add("short", prefix, "/a");
  add("long", prefix, "/a/b/c");
  add("exact", exact, "/a/b");
  EXPECT_EQ(find("/a/b"), "exact");
  EXPECT_EQ(find("/a/b/c/d?q=/x"), "long");
  EXPECT_EQ(find("/a/b/d"), "short");
  EXPECT_EQ(find("/z"), "regex");
}

TEST_F(PathIndexTest, APrefixIsOfWholeSegments) {
  add("a", prefix, "/a/b");
  for (const char* path : {"/a/b", "/a/b/", "/a/b/c", "/a/b/c/d/e/f"}) EXPECT_EQ(find(path), "a");
  for (const char* path : {"/a/bc", "/a", "/", "/x/a/b", "/a//b"}) EXPECT_EQ(find(path), "none");
}

TEST_F(PathIndexTest, ASlashAtAPrefixsEndMeansNothing) {
  add("a", prefix, "/a/");
  for (const char* path : {"/a", "/a/", "/a/b"}) EXPECT_EQ(find(path), "a");
  EXPECT_EQ(find("/ab"), "none");
}

TEST_F(PathIndexTest, AnExactPathIsTakenAsItIs) {
  add("a", exact, "/a");
  EXPECT_EQ(find("/a"), "a");
  EXPECT_EQ(find("/a/"), "none");
  EXPECT_EQ(find("/A"), "none");
}

TEST_F(PathIndexTest, TheRootPrefixIsForEverything) {
  add("root", prefix, "/");
  for (const char* path : {"/", "/a/b/c", "*"}) EXPECT_EQ(find(path), "root");
}

TEST_F(PathIndexTest, WhatDoesNotHoldLeavesTheRequestToTheNextPath) {
  add("exact post", exact, "/a/b", "POST");
  add("long post", prefix, "/a/b", "POST");
  add("short", prefix, "/a");
  EXPECT_EQ(find("/a/b", "POST"), "exact post");
  EXPECT_EQ(find("/a/b/c", "POST"), "long post");
  EXPECT_EQ(find("/a/b"), "short");
  EXPECT_EQ(find("/b"), "none");
}

TEST_F(PathIndexTest, OnOnePathTheMostSpecificGoesFirstAndOfEqualsTheFirst) {
  add("plain", prefix, "/a");
  add("plain too", prefix, "/a");
  HTTPRouteMatch match;
  match.path.value = "/a";
  match.query_params.push_back({NamedMatch::Type::exact, "q", "1"});
  add("query", match);
  match.method = "GET";
  match.query_params.clear();
  add("method", match);
  EXPECT_EQ(find("/a?q=1"), "method");
  EXPECT_EQ(find("/a?q=1", "PUT"), "query");
  EXPECT_EQ(find("/a", "PUT"), "plain");
}

TEST_F(PathIndexTest, LooksNoDeeperThanTheDeepestPrefix) {
  add("a", prefix, "/a");
  std::string path = "/a";
  for (int i = 0; i < 1000; ++i) path += "/x";
  EXPECT_EQ(find(path), "a");
}

}  // namespace
}  // namespace skiff
