#include "sample-services/common/database.h"

#include <gtest/gtest.h>

namespace skiff::shop {
namespace {

struct Log : testing::Test {
  SQLite::Database database = open_database(":memory:", OperationLog::schema());
  OperationLog log{database};
};

TEST_F(Log, RemembersWhatWasDone) {
  EXPECT_FALSE(*log.was_done("k", "a"));
  log.done("k", "a");
  EXPECT_TRUE(*log.was_done("k", "a"));
  EXPECT_EQ(log.was_done("k", "b").error(), KeyConflict::reused);
}

TEST_F(Log, RemembersNothingWithoutAKey) {
  log.done("", "a");
  EXPECT_FALSE(*log.was_done("", "a"));
}

TEST_F(Log, TakesBackOnce) {
  log.done("k", "a");
  EXPECT_EQ(log.take_back("k"), "a");
  EXPECT_EQ(log.take_back("k"), std::nullopt);
  EXPECT_EQ(log.was_done("k", "a").error(), KeyConflict::reversed);
}

TEST_F(Log, RefusesWhatWasTakenBackBeforeItCame) {
  EXPECT_EQ(log.take_back("k"), std::nullopt);
  EXPECT_EQ(log.was_done("k", "a").error(), KeyConflict::reversed);
}

TEST(OpenDatabase, EnforcesForeignKeys) {
  auto database = open_database(":memory:",
                                "CREATE TABLE a (id INTEGER PRIMARY KEY);"
                                "CREATE TABLE b (a INTEGER REFERENCES a (id));");
  EXPECT_THROW(execute(database, "INSERT INTO b VALUES (?)", 7), SQLite::Exception);
}

}  // namespace
}  // namespace skiff::shop
