#include "sidecar/observe/request_families.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class RequestFamilies : public testing::Test {
 protected:
  RequestFamilies() {
    for (std::size_t i = 0; i < 2; ++i) {
      workers_.push_back(std::make_unique<WorkerMetrics>(series_, named_, i));
    }
  }

  std::string text() const {
    std::vector<prometheus::MetricFamily> families;
    collect_requests(series_, workers_, families);
    return prometheus::TextSerializer().Serialize(families);
  }

  SeriesTable series_{2, 2};
  NamedCounters named_;
  std::vector<std::unique_ptr<WorkerMetrics>> workers_;
};

const SeriesLabels labels{Direction::outbound, "order", "product.shop", "all/0"};

TEST_F(RequestFamilies, AreLeftOutWhereNothingHappened) {
  const auto cells = workers_[0]->requests(labels);
  EXPECT_EQ(text(),
            "# HELP skiff_series_dropped_total Sets of labels beyond the cap, whose requests count "
            "as `other`.\n"
            "# TYPE skiff_series_dropped_total counter\n"
            "skiff_series_dropped_total 0\n");
}

TEST_F(RequestFamilies, SumOverTheWorkers) {
  for (const auto& worker : workers_) {
    const auto cells = worker->requests(labels);
    cells->started.add(3);
    cells->finished.add(2);
    cells->answered[2].add();
    cells->reasons.add(5, ErrorKind::no_endpoint);
    cells->attempts.add(2);
    cells->retries.add();
    cells->request_bytes.add(5);
    cells->response_bytes.add(7);
    worker->refused(Direction::inbound, 0, ErrorKind::no_route);
  }
  const std::string series =
      R"(direction="outbound",source="order",destination="product.shop",route="all/0")";
  const std::string all = text();
  for (const std::string& line : {
           "skiff_requests_total{" + series + R"(,code="2xx"} 2)",
           "skiff_requests_total{" + series + R"(,code="5xx",reason="no_endpoint"} 2)",
           std::string(
               R"(skiff_requests_total{direction="inbound",code="4xx",reason="no_route"} 2)"),
           "skiff_requests_started_total{" + series + "} 6",
           "skiff_requests_in_flight{" + series + "} 2",
           "skiff_request_attempts_total{" + series + "} 4",
           "skiff_request_retries_total{" + series + "} 2",
           "skiff_request_body_bytes_total{" + series + "} 10",
           "skiff_response_body_bytes_total{" + series + "} 14",
       }) {
    EXPECT_THAT(all, HasSubstr(line + "\n"));
  }
}

TEST_F(RequestFamilies, TellLatencyByBucketsThatDouble) {
  const auto cells = workers_[1]->requests(labels);
  cells->finished.add(4);
  for (const Duration took : {Duration(100us), Duration(250us), Duration(251us), Duration(70s)}) {
    cells->latency.add(took);
  }
  const std::string all = text();
  EXPECT_THAT(all, HasSubstr("le=\"0.00025\"} 2\n"));
  EXPECT_THAT(all, HasSubstr("le=\"0.0005\"} 3\n"));
  EXPECT_THAT(all, HasSubstr("le=\"65.536\"} 3\n"));
  EXPECT_THAT(all, HasSubstr("le=\"+Inf\"} 4\n"));
  EXPECT_THAT(all, HasSubstr(R"(skiff_request_duration_seconds_count{direction="outbound")"));
  EXPECT_THAT(all, HasSubstr(R"(route="all/0"} 70.000601)"));
  EXPECT_THAT(all, HasSubstr("skiff_requests_in_flight{")) << "never below zero";
  EXPECT_THAT(all, Not(HasSubstr("} 1.8")));
}

TEST_F(RequestFamilies, CountWhatIsBeyondTheCapAsOther) {
  for (const char* route : {"a", "b", "c"}) {
    workers_[0]->requests({Direction::gateway, "", "", route})->started.add();
  }
  EXPECT_THAT(text(), HasSubstr(R"(skiff_requests_started_total{direction="gateway",)"
                                R"(source="other",destination="other",route="other"} 1)"));
  EXPECT_THAT(text(), HasSubstr("skiff_series_dropped_total 1\n"));
}

}  // namespace
}  // namespace skiff
