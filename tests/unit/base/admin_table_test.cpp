#include "base/admin_table.h"

#include <gmock/gmock.h>

#include <stdexcept>

#include "base/log.h"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::Not;

class AdminTableTest : public testing::Test {
 protected:
  AdminTableTest() {
    log::set_level(log::Level::off);
    table_.add_page("/ready", "whether it is ready",
                    [](const AdminRequest&) { return admin_text("ready\n"); });
    table_.add_change("/drain", "drains", [this](const AdminRequest&) {
      ++drains_;
      return admin_json("{}");
    });
    table_.add_page("/level", "shows it", [](const AdminRequest&) { return admin_text("info\n"); });
    table_.add_change("/level", "sets it", [](const AdminRequest& request) {
      return admin_text(request.parameter("to").value_or("none"));
    });
    table_.add_page("/broken", "throws",
                    [](const AdminRequest&) -> AdminAnswer { throw std::runtime_error("secret"); });
  }

  ~AdminTableTest() override { log::set_level(log::Level::info); }

  AdminAnswer ask(std::string_view method, std::string_view path) const {
    return table_.answer({.method = method, .path = path, .host = "localhost:15000"});
  }
  unsigned drain_from(AdminRequest request) const {
    request.method = "POST";
    request.path = "/drain";
    return table_.answer(request).status;
  }

  AdminTable table_{{"sidecar.local"}};
  int drains_ = 0;
};

TEST_F(AdminTableTest, AnswersPagesToGetAndHead) {
  EXPECT_EQ(ask("GET", "/ready").body, "ready\n");
  EXPECT_EQ(ask("HEAD", "/ready").status, 200u);
}

TEST_F(AdminTableTest, RefusesOtherMethodsOnAPage) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
    const AdminAnswer answer = ask(method, "/ready");
    EXPECT_EQ(answer.status, 405u) << method;
    EXPECT_EQ(answer.allow, "GET, HEAD");
  }
}

TEST_F(AdminTableTest, ChangesByPostAndNothingElse) {
  for (const char* method : {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "post"}) {
    const AdminAnswer answer = ask(method, "/drain");
    EXPECT_EQ(answer.status, 405u) << method;
    EXPECT_EQ(answer.allow, "POST");
  }
  EXPECT_EQ(drains_, 0);
  EXPECT_EQ(ask("POST", "/drain").content_type, "application/json");
  EXPECT_EQ(drains_, 1);
}

TEST_F(AdminTableTest, HoldsAPageAndAChangeUnderOnePath) {
  EXPECT_EQ(ask("GET", "/level").body, "info\n");
  EXPECT_EQ(ask("POST", "/level").body, "none");
  EXPECT_EQ(ask("PUT", "/level").allow, "GET, HEAD, POST");
}

TEST_F(AdminTableTest, SaysWhatThereIsWhereAPathIsUnknown) {
  const AdminAnswer answer = ask("GET", "/raedy");
  EXPECT_EQ(answer.status, 404u);
  EXPECT_THAT(answer.body, HasSubstr("did you mean /ready?"));
  EXPECT_THAT(answer.body, HasSubstr("POST /drain"));
  EXPECT_EQ(ask("POST", "/").status, 404u);
  EXPECT_THAT(ask("GET", "/").body, HasSubstr("GET  /level         shows it\n"));
}

TEST_F(AdminTableTest, AnswersForAHandlerThatThrowsAndKeepsItsWordsToItself) {
  const AdminAnswer answer = ask("GET", "/broken");
  EXPECT_EQ(answer.status, 500u);
  EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
}

TEST_F(AdminTableTest, TakesOnlyItsOwnNamesAsHost) {
  for (const char* host : {"localhost", "LOCALHOST:15000", "127.0.0.1:15000", "[::1]:15000",
                           "10.1.2.3", "sidecar.local:80", ""}) {
    EXPECT_EQ(table_.answer({.path = "/ready", .host = host}).status, 200u) << host;
  }
  for (const char* host : {"evil.example", "localhost.evil.example:15000", "127.0.0.1.evil.example",
                           "[::1", "[evil]", ":80", "127.0.0.1@evil.example"}) {
    EXPECT_EQ(table_.answer({.path = "/ready", .host = host}).status, 403u) << host;
  }
}

TEST_F(AdminTableTest, RefusesChangesFromPagesOfOtherOrigins) {
  const std::string_view host = "localhost:15000";
  EXPECT_EQ(drain_from({.host = host, .origin = "http://evil.example"}), 403u);
  EXPECT_EQ(drain_from({.host = host, .origin = "null"}), 403u);
  EXPECT_EQ(drain_from({.host = host, .origin = "http://localhost:9999"}), 403u);
  EXPECT_EQ(drain_from({.host = host, .origin = "https://localhost:15000"}), 403u);
  EXPECT_EQ(drain_from({.host = host, .fetch_site = "cross-site"}), 403u);
  EXPECT_EQ(drain_from({.host = host, .fetch_site = "same-site"}), 403u);
  EXPECT_EQ(drains_, 0);

  EXPECT_EQ(drain_from({.host = host, .origin = "http://localhost:15000"}), 200u);
  EXPECT_EQ(drain_from({.host = host, .fetch_site = "same-origin"}), 200u);
  EXPECT_EQ(drain_from({.host = host, .fetch_site = "none"}), 200u);
}

TEST_F(AdminTableTest, RefusesChangesFromOtherMachines) {
  EXPECT_EQ(drain_from({.host = "10.0.0.1", .from_loopback = false}), 403u);
  EXPECT_EQ(drains_, 0);
  EXPECT_EQ(table_.answer({.path = "/ready", .host = "10.0.0.1", .from_loopback = false}).status,
            200u);
}

TEST(AdminRequest, FindsParametersInTheQueryOrAForm) {
  const AdminRequest query{.query = "a=1&b=x%20y+z&c&d=%zz%4"};
  EXPECT_EQ(query.parameter("a"), "1");
  EXPECT_EQ(query.parameter("b"), "x y z");
  EXPECT_EQ(query.parameter("c"), "");
  EXPECT_EQ(query.parameter("d"), "%zz%4");
  EXPECT_EQ(query.parameter("e"), std::nullopt);

  const AdminRequest form{.content_type = "application/x-www-form-urlencoded", .body = "a=%41"};
  EXPECT_EQ(form.parameter("a"), "A");
  EXPECT_EQ((AdminRequest{.content_type = "text/plain", .body = "a=1"}).parameter("a"),
            std::nullopt);
}

}  // namespace
}  // namespace skiff
