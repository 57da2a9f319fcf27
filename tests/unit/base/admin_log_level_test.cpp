#include "base/admin_log_level.h"

#include <gmock/gmock.h>

#include "base/log.h"

namespace skiff {
namespace {

using testing::HasSubstr;

class AdminLogLevel : public testing::Test {
 protected:
  AdminLogLevel() {
    log::set_level(log::Level::error);  // Nor does the log tell of the changes here.
    add_log_level(table_);
  }
  ~AdminLogLevel() override { log::set_level(log::Level::info); }

  AdminAnswer change(std::string_view query) const {
    return table_.answer({.method = "POST", .path = "/log-level", .query = query});
  }

  AdminTable table_;
};

TEST_F(AdminLogLevel, ShowsEachComponent) {
  log::set_level(Component::pool, log::Level::off);
  const AdminAnswer answer = table_.answer({.path = "/log-level"});
  EXPECT_THAT(answer.body, HasSubstr("pool off\n"));
  EXPECT_THAT(answer.body, HasSubstr("health error\n"));
}

TEST_F(AdminLogLevel, ChangesOneOrAll) {
  EXPECT_EQ(change("level=off&component=pool").status, 200u);
  EXPECT_EQ(log::level_of(Component::pool), log::Level::off);
  EXPECT_EQ(log::level_of(Component::health), log::Level::error);
  EXPECT_THAT(change("level=warn").body, HasSubstr("pool warn\n"));
  EXPECT_EQ(log::level_of(Component::health), log::Level::warn);
}

TEST_F(AdminLogLevel, RefusesWhatItDoesNotKnowAndSaysWhatItDoes) {
  EXPECT_EQ(change("").status, 400u);
  EXPECT_THAT(change("level=loud").body, HasSubstr("trace, debug, info, warn, error, off"));
  EXPECT_THAT(change("level=warn&component=pol").body, HasSubstr("pool"));
  EXPECT_EQ(change("level=warn&component=").status, 400u);
  EXPECT_EQ(log::level_of(Component::pool), log::Level::error);
}

}  // namespace
}  // namespace skiff
