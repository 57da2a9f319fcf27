#include "sidecar/observe/observe.h"

#include <gmock/gmock.h>

#include <functional>

#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// The rest of the stack, as each test wants it.
class Behind final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply&) override { act(exchange); }
  std::function<void(Exchange&)> act = [](Exchange&) {};
};

class Nobody final : public Reply {
 public:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response&) override {}
  void failed(Exchange&, const Error&) override {}
};

class ObserveTest : public testing::Test {
 protected:
  ObserveTest() {
    exchange_.request.method_name = "GET";
    exchange_.request.authority = "product";
    exchange_.request.path = "/items";
    exchange_.request.query = "token=secret";
    exchange_.client_address = "10.0.0.9";
    exchange_.started = clock_.now();
  }

  void route(Exchange& exchange) {
    mark_routed(exchange, *cells_);
    exchange.marks.route = "all/0";
  }
  void forward() { stage_->forward(exchange_, nobody_); }
  std::string logged() {
    std::string lines;
    log_.lines().take(lines);
    return lines;
  }
  std::uint64_t count_of(const ReasonCells& cells, unsigned status_class, ErrorKind reason) {
    std::uint64_t found = 0;
    cells.for_each([&](unsigned of_class, ErrorKind of, std::uint64_t count) {
      if (of_class == status_class && of == reason) found = count;
    });
    return found;
  }

  ManualClock clock_;
  SeriesTable series_{1, 10};
  NamedCounters named_;
  WorkerMetrics metrics_{series_, named_, 0};
  AccessLog log_{{.config = {.mode = AccessLogConfig::Mode::all}}, metrics_.counters};
  std::optional<AccessLog> log_errors_;
  std::shared_ptr<RequestCells> cells_ = metrics_.requests({.route = "all/0"});
  Behind behind_;
  Nobody nobody_;
  const ObserveSettings settings_{metrics_, &log_, Direction::outbound, clock_};
  std::unique_ptr<Forwarder> stage_ = make_observe(settings_, behind_);
  Exchange exchange_;
};

TEST_F(ObserveTest, CountsARequestOnceItsBodiesEnded) {
  behind_.act = [&](Exchange& exchange) { route(exchange); };
  forward();
  EXPECT_EQ(cells_->started.get(), 1u);
  EXPECT_EQ(cells_->finished.get(), 0u);

  clock_.advance(3ms);
  exchange_.marks.status = 204;
  exchange_.marks.attempts = 3;
  exchange_.marks.request_bytes = 10;
  exchange_.marks.response_bytes = 20;
  exchange_.finish({});
  EXPECT_EQ(cells_->finished.get(), 1u);
  EXPECT_EQ(cells_->answered[2].get(), 1u);
  EXPECT_EQ(cells_->attempts.get(), 3u);
  EXPECT_EQ(cells_->retries.get(), 2u);
  EXPECT_EQ(cells_->request_bytes.get(), 10u);
  EXPECT_EQ(cells_->response_bytes.get(), 20u);
  EXPECT_EQ(cells_->latency.count(LatencyCells::index_of(3ms)), 1u);
}

TEST_F(ObserveTest, CountsAnExchangeThatEndsWithinTheCall) {
  behind_.act = [&](Exchange& exchange) {
    route(exchange);
    exchange.marks.status = 200;
    exchange.finish({});
  };
  forward();
  EXPECT_EQ(cells_->answered[2].get(), 1u);
  EXPECT_EQ(cells_->finished.get(), 1u);
}

TEST_F(ObserveTest, CountsOurOwnAnswersByReason) {
  behind_.act = [&](Exchange& exchange) { route(exchange); };
  forward();
  exchange_.marks.status = 503;
  exchange_.marks.reason = ErrorKind::no_endpoint;
  exchange_.finish({});
  EXPECT_EQ(count_of(cells_->reasons, 5, ErrorKind::no_endpoint), 1u);
  EXPECT_EQ(cells_->answered[5].get(), 0u);
}

TEST_F(ObserveTest, CountsAnAnswerThatBrokeOffByItsStatusAndWhy) {
  behind_.act = [&](Exchange& exchange) { route(exchange); };
  forward();
  exchange_.marks.status = 200;
  exchange_.finish({.kind = ErrorKind::client_gone});
  EXPECT_EQ(count_of(cells_->reasons, 2, ErrorKind::client_gone), 1u);
}

TEST_F(ObserveTest, CountsAClientThatLeftBeforeTheAnswerAs499) {
  behind_.act = [&](Exchange& exchange) { route(exchange); };
  forward();
  exchange_.finish({.kind = ErrorKind::client_gone});
  EXPECT_EQ(count_of(cells_->reasons, 4, ErrorKind::client_gone), 1u);
  EXPECT_THAT(logged(), HasSubstr(R"("status":499,"reason":"client_gone")"));
}

TEST_F(ObserveTest, CountsWhatFoundNoRouteWithTheWorker) {
  forward();
  exchange_.marks.status = 404;
  exchange_.marks.reason = ErrorKind::no_route;
  exchange_.finish({});
  EXPECT_EQ(count_of(metrics_.unrouted(Direction::outbound), 4, ErrorKind::no_route), 1u);
  EXPECT_EQ(count_of(metrics_.unrouted(Direction::inbound), 4, ErrorKind::no_route), 0u);
}

TEST_F(ObserveTest, LeavesTunnelsOutOfTheLatency) {
  behind_.act = [&](Exchange& exchange) { route(exchange); };
  forward();
  clock_.advance(10ms);
  exchange_.marks.status = 101;
  exchange_.finish({});
  EXPECT_EQ(cells_->answered[1].get(), 1u);
  EXPECT_EQ(cells_->latency.sum_nanoseconds(), 0u);
}

TEST_F(ObserveTest, LeavesBytesOutOfTheLatency) {
  behind_.act = [&](Exchange& exchange) { route(exchange); };
  exchange_.request.version = Version::bytes;
  forward();
  clock_.advance(10ms);
  exchange_.marks.status = 200;
  exchange_.finish({});
  EXPECT_EQ(cells_->answered[2].get(), 1u);
  EXPECT_EQ(cells_->latency.sum_nanoseconds(), 0u);
}

TEST_F(ObserveTest, TellsWhatTheClientAskedForAndNoQuery) {
  behind_.act = [&](Exchange& exchange) {
    route(exchange);
    exchange.request.path = "/rewritten";
    exchange.request.authority = "elsewhere";
    exchange.request.headers.add(exchange.arena, "x-request-id", "id-1");
  };
  forward();
  clock_.advance(1500us);
  exchange_.marks.status = 200;
  exchange_.marks.endpoint = "127.0.0.1:9000";
  exchange_.marks.policy = "shop/p/r";
  exchange_.client_identity = "spiffe://d/a";
  exchange_.finish({});
  const std::string line = logged();
  EXPECT_THAT(line, HasSubstr(R"("authority":"product","path":"/items","status":200,"reason":"")"));
  EXPECT_THAT(line, HasSubstr(R"("duration_ms":1.500)"));
  EXPECT_THAT(line, HasSubstr(R"("route":"all/0")"));
  EXPECT_THAT(line, HasSubstr(R"("client":"10.0.0.9","identity":"spiffe://d/a",)"
                              R"("policy":"shop/p/r","degraded":"","request_id":"id-1"})"));
  EXPECT_EQ(line.find("secret"), std::string::npos);
}

TEST_F(ObserveTest, CountsAndTellsWhatAFallbackAnswered) {
  log_errors_.emplace(AccessLogSettings{.config = {.mode = AccessLogConfig::Mode::errors}},
                      metrics_.counters);
  const ObserveSettings settings{metrics_, &*log_errors_, Direction::outbound, clock_};
  const auto stage = make_observe(settings, behind_);
  stage->forward(exchange_, nobody_);
  exchange_.marks.status = 200;
  exchange_.marks.target = "product.shop";
  exchange_.marks.degraded = "cached";
  exchange_.finish({});
  std::string line;
  log_errors_->lines().take(line);
  EXPECT_THAT(line, HasSubstr(R"("degraded":"cached")")) << "although it is no error";
  std::vector<prometheus::MetricFamily> families;
  named_.degraded.collect(families);
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].metric.at(0).label.at(0).value, "product.shop");
  EXPECT_EQ(families[0].metric.at(0).counter.value, 1);
}

TEST_F(ObserveTest, TellsNothingWithoutALog) {
  const ObserveSettings settings{metrics_, nullptr, Direction::inbound, clock_};
  const auto stage = make_observe(settings, behind_);
  stage->forward(exchange_, nobody_);
  exchange_.finish({.kind = ErrorKind::internal});
  EXPECT_EQ(count_of(metrics_.unrouted(Direction::inbound), 5, ErrorKind::internal), 1u);
}

TEST_F(ObserveTest, CountsAndTellsWhatNeverCameToTheStage) {
  exchange_.marks.status = 400;
  observe_refused(settings_, exchange_, {.kind = ErrorKind::bad_request_host});
  EXPECT_EQ(count_of(metrics_.unrouted(Direction::outbound), 4, ErrorKind::bad_request_host), 1u);
  EXPECT_THAT(logged(), HasSubstr(R"("status":400,"reason":"bad_request_host")"));
}

}  // namespace
}  // namespace skiff
