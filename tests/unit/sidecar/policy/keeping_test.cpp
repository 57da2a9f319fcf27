#include "sidecar/policy/keeping.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

// A client that notes what comes.
class NotingSink final : public BodySink {
 public:
  void data(std::string_view bytes) override { got += bytes; }
  void end(const Headers&) override { ended = true; }
  void abort(const Error&) override { aborted = true; }
  bool flush() override { return true; }

  std::string got;
  bool ended = false;
  bool aborted = false;
};

class KeepingTest : public testing::Test {
 protected:
  KeepingTest() {
    store.configure({.max_age = 1min, .max_bytes = 1'000'000, .max_entries = 100});
    ask("GET", {});
    respond({{"content-type", "text/plain"}});
  }

  void ask(std::string_view method, const Fields& fields) {
    exchange.finish({});
    exchange.request.method_name = method;
    exchange.request.method = method_id(method);
    exchange.request.authority = "shop";
    exchange.request.target = "/a?b";
    for (const auto& [name, value] : fields)
      exchange.request.headers.add(exchange.arena, name, value);
    exchange.client_sink = &client;
    response = {};
  }
  void respond(const Fields& fields, std::uint16_t status = 200) {
    response = {};
    response.status = status;
    response.body = BodyKind::chunked;
    for (const auto& [name, value] : fields) response.headers.add(exchange.arena, name, value);
  }
  bool is_kept() { return keeping_of(exchange, response).has_value(); }

  void keep(std::size_t most = 1'000) {
    const auto keeping = keeping_of(exchange, response);
    ASSERT_TRUE(keeping.has_value());
    keep_answer(exchange, response, *keeping, most, store, clock);
  }

  ManualClock clock;
  AnswerStore store;
  NotingSink client;
  Exchange exchange;
  Response response;
};

TEST_F(KeepingTest, KeepsAGoodAnswerToAGet) { EXPECT_TRUE(is_kept()); }

TEST_F(KeepingTest, KeepsNothingElse) {
  for (const std::uint16_t status : {201, 204, 206, 304, 404, 503}) {
    respond({}, status);
    EXPECT_FALSE(is_kept()) << status;
  }
  for (const char* method : {"HEAD", "POST", "PUT", "DELETE", "OPTIONS"}) {
    ask(method, {});
    respond({});
    EXPECT_FALSE(is_kept()) << method;
  }
}

TEST_F(KeepingTest, RespectsCacheControlOfTheAnswer) {
  for (const char* said : {"no-store", "private", "No-Cache", "max-age=5, must-revalidate",
                           "proxy-revalidate", "s-maxage=5", "private=\"set-cookie\""}) {
    respond({{"Cache-Control", said}});
    EXPECT_FALSE(is_kept()) << said;
  }
  for (const char* said : {"max-age=5", "public", "max-age=0", "x-no-store"}) {
    respond({{"cache-control", said}});
    EXPECT_TRUE(is_kept()) << said;
  }
  respond({{"cache-control", "max-age=5"}, {"cache-control", "no-store"}});
  EXPECT_FALSE(is_kept());
}

TEST_F(KeepingTest, WhatIsForOneCallerIsKeptOnlyWherePublic) {
  for (const char* name : {"Authorization", "Cookie"}) {
    ask("GET", {{name, "secret"}});
    respond({});
    EXPECT_FALSE(is_kept()) << name;
    respond({{"cache-control", "public"}});
    EXPECT_TRUE(is_kept()) << name;
  }
  ask("GET", {});
  exchange.client_identity = "spiffe://d/a";
  respond({});
  EXPECT_FALSE(is_kept());
}

TEST_F(KeepingTest, NeitherCookiesNorWhatVariesNorWhatIsDegraded) {
  const Fields unwanted{{"set-cookie", "a=b"},
                        {"vary", "*"},
                        {"vary", "accept-language"},
                        {"vary", "accept-encoding, cookie"},
                        {"x-skiff-degraded", "cached"}};
  for (const auto& field : unwanted) {
    respond({field});
    EXPECT_FALSE(is_kept()) << field.first << field.second;
  }
  respond({{"Vary", "Accept-Encoding"}});
  EXPECT_TRUE(keeping_of(exchange, response)->by_encoding);
}

TEST_F(KeepingTest, ACallerMayForbidIt) {
  ask("GET", {{"cache-control", "no-store"}});
  respond({});
  EXPECT_FALSE(is_kept());
  ask("GET", {{"range", "bytes=0-1"}});
  respond({});
  EXPECT_FALSE(is_kept());
}

TEST_F(KeepingTest, KeepsWhatPassesAndLetsItPass) {
  keep();
  exchange.client_sink->data("hel");
  exchange.client_sink->data("lo");
  EXPECT_EQ(store.size(), 0u) << "not before it is whole";
  exchange.client_sink->end({});
  EXPECT_EQ(client.got, "hello");
  EXPECT_TRUE(client.ended);
  const auto found = store.find(store_key(exchange, false), clock.now());
  ASSERT_NE(found.answer, nullptr);
  EXPECT_EQ(found.answer->body(), "hello");
}

TEST_F(KeepingTest, KeepsNothingThatBreaksOff) {
  keep();
  exchange.client_sink->data("hel");
  exchange.client_sink->abort({.kind = ErrorKind::upstream_reset});
  EXPECT_TRUE(client.aborted);
  EXPECT_EQ(store.size(), 0u);
}

TEST_F(KeepingTest, KeepsNothingThatIsTooLong) {
  keep(4);
  exchange.client_sink->data("hello");
  exchange.client_sink->end({});
  EXPECT_EQ(client.got, "hello");
  EXPECT_EQ(store.size(), 0u);
  response.body = BodyKind::length;
  response.content_length = 5;
  exchange.client_sink = &client;
  keep(4);
  EXPECT_EQ(exchange.client_sink, &client) << "not even looked at";
}

TEST_F(KeepingTest, RestoresTheHeadWithItsAge) {
  respond({{"Content-Type", "text/plain"}, {"age", "7"}, {"x-empty", ""}});
  keep();
  exchange.client_sink->data("hello");
  exchange.client_sink->end({});
  clock.advance(5s);
  Response restored;
  restore_head(store.find(store_key(exchange, false), clock.now()), exchange.arena, restored);
  EXPECT_EQ(restored.status, 200);
  EXPECT_EQ(restored.content_length, 5u);
  EXPECT_TRUE(restored.has_length);
  EXPECT_EQ(restored.headers.find(FieldId::content_type)->value(), "text/plain");
  EXPECT_EQ(restored.headers.find("x-empty")->value(), "");
  EXPECT_EQ(restored.headers.find("age")->value(), "12");
  EXPECT_EQ(restored.headers.size(), 3u);
}

TEST_F(KeepingTest, AnAgeThatIsTooLargeIsOld) {
  respond({{"age", "99999999999999999999"}, {"age", "1"}});
  const auto keeping = keeping_of(exchange, response);
  ASSERT_TRUE(keeping.has_value());
  EXPECT_GT(keeping->age, 365 * 24h);
  keep();
  exchange.client_sink->end({});
  EXPECT_EQ(store.find(store_key(exchange, false), clock.now()).answer, nullptr);
}

// Whatever a parser lets through: no CR, LF or NUL in a value, a token as a name.
TEST_F(KeepingTest, RestoresWhateverFieldsSay) {
  Random random(1);
  const std::string_view letters = "abc: ;,=\"\t\x80\xff";
  for (int round = 0; round < 500; ++round) {
    ask("GET", {});
    respond({});
    std::vector<std::pair<std::string, std::string>> fields(random.below(8));
    for (auto& [name, value] : fields) {
      name = "x-" + std::to_string(random.below(4));
      for (auto i = random.below(12); i > 0; --i) value += letters[random.below(letters.size())];
      response.headers.add(exchange.arena, name, value);
    }
    keep();
    exchange.client_sink->end({});
    Response restored;
    restore_head(store.find(store_key(exchange, false), clock.now()), exchange.arena, restored);
    ASSERT_EQ(restored.headers.size(), fields.size() + 1) << "and Age";
    std::size_t i = 0;
    for (const Field& field : restored.headers) {
      if (i == fields.size()) break;
      EXPECT_EQ(field.name(), fields[i].first);
      EXPECT_EQ(field.value(), fields[i++].second);
    }
  }
}

TEST_F(KeepingTest, TheKeyTellsHostsTargetsAndEncodingsApart) {
  const std::string plain(store_key(exchange, false));
  EXPECT_NE(plain, store_key(exchange, true));
  const std::string without(store_key(exchange, true));
  ask("GET", {{"accept-encoding", "gzip"}});
  EXPECT_EQ(plain, store_key(exchange, false));
  EXPECT_NE(without, store_key(exchange, true));
  exchange.request.authority = "other";
  EXPECT_NE(plain, store_key(exchange, false));
  exchange.request.authority = "shop";
  exchange.request.target = "/a?c";
  EXPECT_NE(plain, store_key(exchange, false));
}

TEST_F(KeepingTest, OnlyPlainReadsMayBeAnswered) {
  EXPECT_TRUE(may_be_answered(exchange));
  ask("HEAD", {});
  EXPECT_TRUE(may_be_answered(exchange));
  ask("POST", {});
  EXPECT_FALSE(may_be_answered(exchange));
  ask("GET", {});
  exchange.request.upgrade = "websocket";
  EXPECT_FALSE(may_be_answered(exchange));
  ask("GET", {});
  exchange.request.version = Version::bytes;
  EXPECT_FALSE(may_be_answered(exchange));
}

}  // namespace
}  // namespace skiff
