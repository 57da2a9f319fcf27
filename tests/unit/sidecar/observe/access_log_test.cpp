#include "sidecar/observe/access_log.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Mode = AccessLogConfig::Mode;
using Format = AccessLogConfig::Format;

WallTime wall_now;  // Set by each test that looks at the time.

AccessLogSettings settings_of(Mode mode, Format format = Format::json) {
  wall_now = WallTime(1'767'225'599'045ms);
  return {.config = {.mode = mode, .format = format},
          .seed = 1,
          .buffer_bytes = 64 * 1024,
          .wall_clock = [] { return wall_now; }};
}

AccessRecord example() {
  return {.direction = Direction::outbound,
          .method = "GET",
          .authority = "product:80",
          .path = "/items/1",
          .status = 503,
          .reason = ErrorKind::no_endpoint,
          .took = 1'234'567ns,
          .request_bytes = 10,
          .response_bytes = 2000,
          .route = "checkout.shop/0",
          .target = "product.shop",
          .endpoint = "127.0.0.1:9000",
          .attempts = 2,
          .client = "127.0.0.1",
          .identity = "spiffe://d/a",
          .policy = "shop/p/r",
          .degraded = "cached",
          .request_id = "4bf92f35"};
}

class AccessLogTest : public testing::Test {
 protected:
  std::string line_of(const AccessRecord& record, Format format = Format::json) {
    AccessLog log(settings_of(Mode::all, format), counters_);
    log.write(record);
    return taken_from(log);
  }
  static std::string taken_from(AccessLog& log) {
    std::string lines;
    log.lines().take(lines);
    return lines;
  }

  CounterSet counters_;
};

TEST_F(AccessLogTest, WritesAJsonObjectALine) {
  EXPECT_EQ(line_of(example()),
            R"({"time":"2025-12-31T23:59:59.045Z","direction":"outbound","method":"GET",)"
            R"("authority":"product:80","path":"/items/1","status":503,"reason":"no_endpoint",)"
            R"("duration_ms":1.235,"request_bytes":10,"response_bytes":2000,)"
            R"("route":"checkout.shop/0","target":"product.shop","endpoint":"127.0.0.1:9000",)"
            R"("attempts":2,"client":"127.0.0.1","identity":"spiffe://d/a","policy":"shop/p/r",)"
            R"("degraded":"cached",)"
            R"("request_id":"4bf92f35"})"
            "\n");
}

TEST_F(AccessLogTest, WritesTextOnRequest) {
  EXPECT_EQ(line_of(example(), Format::text),
            "2025-12-31T23:59:59.045Z outbound GET product:80 /items/1 503 reason=no_endpoint "
            "duration_ms=1.235 request_bytes=10 response_bytes=2000 route=checkout.shop/0 "
            "target=product.shop endpoint=127.0.0.1:9000 attempts=2 client=127.0.0.1 "
            "identity=spiffe://d/a policy=shop/p/r degraded=cached request_id=4bf92f35\n");
  EXPECT_EQ(line_of({}, Format::text),
            "2025-12-31T23:59:59.045Z inbound - - - 0 reason=- duration_ms=0.000 request_bytes=0 "
            "response_bytes=0 route=- target=- endpoint=- attempts=0 client=- "
            "identity=- policy=- degraded=- request_id=-\n");
}

TEST_F(AccessLogTest, GivesJsonAndOneLineWhateverTheClientSent) {
  AccessRecord record = example();
  const std::string evil = "a\"\\\n\r\x1b[2J\xff\xc3\xe2\x80\xa8 \x7f";
  record.method = record.authority = record.path = record.request_id = evil;
  for (const Format format : {Format::json, Format::text}) {
    const std::string line = line_of(record, format);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
  const auto object = boost::json::parse(line_of(record)).as_object();
  EXPECT_EQ(object.at("path"), "a\"\\\n\r\x1b[2J\xef\xbf\xbd\xef\xbf\xbd\xe2\x80\xa8 \x7f");
}

TEST_F(AccessLogTest, CutsOffWhatIsTooLong) {
  AccessRecord record = example();
  const std::string endless(100'000, '\x01');
  record.method = record.authority = record.path = record.request_id = endless;
  EXPECT_LT(line_of(record).size(), 10'000u);
}

TEST_F(AccessLogTest, MovesItsTimeOn) {
  AccessLog log(settings_of(Mode::all), counters_);
  for (const auto step : {0ms, 1ms, 953ms, 1ms, 1000ms}) {
    wall_now += step;
    log.write({});
  }
  std::string times;
  const std::string lines = taken_from(log);
  for (std::size_t at = 0; (at = lines.find("\"time\":\"", at)) != std::string::npos; ++at) {
    times += lines.substr(at + 8, 24) + ' ';
  }
  EXPECT_EQ(times,
            "2025-12-31T23:59:59.045Z 2025-12-31T23:59:59.046Z 2025-12-31T23:59:59.999Z "
            "2026-01-01T00:00:00.000Z 2026-01-01T00:00:01.000Z ");
}

TEST_F(AccessLogTest, ChoosesByItsMode) {
  AccessLog off(settings_of(Mode::off), counters_);
  EXPECT_FALSE(off.wants(500, ErrorKind::internal));
  AccessLog all(settings_of(Mode::all), counters_);
  EXPECT_TRUE(all.wants(200, ErrorKind::none));
  AccessLog errors(settings_of(Mode::errors), counters_);
  EXPECT_FALSE(errors.wants(200, ErrorKind::none));
  EXPECT_FALSE(errors.wants(404, ErrorKind::none)) << "the backend's own answer";
  EXPECT_TRUE(errors.wants(404, ErrorKind::no_route));
  EXPECT_TRUE(errors.wants(500, ErrorKind::none));
  EXPECT_TRUE(errors.wants(200, ErrorKind::upstream_reset)) << "broke off";
}

TEST_F(AccessLogTest, SamplesItsShareAndEveryError) {
  AccessLogSettings settings = settings_of(Mode::sampled);
  settings.config.sample = Ratio{0.1};
  AccessLog log(settings, counters_);
  int wanted = 0;
  for (int i = 0; i < 10'000; ++i) wanted += log.wants(200, ErrorKind::none) ? 1 : 0;
  EXPECT_NEAR(wanted, 1000, 150);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(log.wants(503, ErrorKind::no_endpoint));

  settings.config.sample = Ratio{0};
  AccessLog none(settings, counters_);
  settings.config.sample = Ratio{1};
  AccessLog every(settings, counters_);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(none.wants(200, ErrorKind::none));
    EXPECT_TRUE(every.wants(200, ErrorKind::none));
  }
}

TEST_F(AccessLogTest, DropsAndCountsLinesThatFindNoRoom) {
  AccessLogSettings settings = settings_of(Mode::all);
  settings.buffer_bytes = 1024;
  AccessLog log(settings, counters_);
  for (int i = 0; i < 10; ++i) log.write(example());
  const auto written = counters_[CounterId::access_log_lines_written].get();
  EXPECT_EQ(counters_[CounterId::access_log_lines_dropped].get(), 10 - written);
  EXPECT_GT(written, 0u);
  EXPECT_EQ(taken_from(log).size(), written * line_of(example()).size());
  log.write(example());
  EXPECT_EQ(taken_from(log), line_of(example())) << "there is room again";
}

}  // namespace
}  // namespace skiff
