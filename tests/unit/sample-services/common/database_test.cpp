#include "sample-services/common/database.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

struct Failure {
  enum class Kind { own, key_reused, key_reversed };
  Kind kind = Kind::own;
};
using Kind = Failure::Kind;

struct Log : testing::Test {
  SQLite::Database database = open_database(":memory:", OperationLog::schema());
  OperationLog log{database};
  int done = 0;

  // Why it was refused, or nothing.
  std::optional<Kind> do_once(const std::string& key, const std::string& request) {
    const auto failure = log.do_once<Failure>(key, request, [&]() -> std::optional<Failure> {
      ++done;
      return std::nullopt;
    });
    return failure ? std::optional(failure->kind) : std::nullopt;
  }
};

TEST_F(Log, DoesWhatHasAKeyOnce) {
  EXPECT_EQ(do_once("k", "a"), std::nullopt);
  EXPECT_EQ(do_once("k", "a"), std::nullopt);
  EXPECT_EQ(do_once("k", "b"), Kind::key_reused);
  EXPECT_EQ(done, 1);
}

TEST_F(Log, RemembersNothingWithoutAKey) {
  EXPECT_EQ(do_once("", "a"), std::nullopt);
  EXPECT_EQ(do_once("", "b"), std::nullopt);
  EXPECT_EQ(done, 2);
}

TEST_F(Log, RemembersNothingThatFailed) {
  const auto fails = [] { return std::optional(Failure{Kind::own}); };
  EXPECT_EQ(log.do_once<Failure>("k", "a", fails)->kind, Kind::own);
  EXPECT_EQ(do_once("k", "b"), std::nullopt);
  EXPECT_EQ(done, 1);
}

TEST_F(Log, TakesBackOnce) {
  do_once("k", "a");
  EXPECT_EQ(log.take_back("k"), "a");
  EXPECT_EQ(log.take_back("k"), std::nullopt);
  EXPECT_EQ(do_once("k", "a"), Kind::key_reversed);
  EXPECT_EQ(done, 1);
}

TEST_F(Log, RefusesWhatWasTakenBackBeforeItCame) {
  EXPECT_EQ(log.take_back("k"), std::nullopt);
  EXPECT_EQ(do_once("k", "a"), Kind::key_reversed);
  EXPECT_EQ(done, 0);
}

TEST(OpenDatabase, EnforcesForeignKeys) {
  auto database = open_database(":memory:",
                                "CREATE TABLE a (id INTEGER PRIMARY KEY);"
                                "CREATE TABLE b (a INTEGER REFERENCES a (id));");
  EXPECT_THROW(execute(database, "INSERT INTO b VALUES (?)", 7), SQLite::Exception);
}

}  // namespace
}  // namespace skiff::shop
