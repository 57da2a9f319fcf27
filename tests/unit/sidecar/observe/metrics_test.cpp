#include "sidecar/observe/metrics.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sidecar/observe/families.h"
#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

const SeriesLabels labels{Direction::outbound, "order", "product.shop", "all/0"};

void fill(Metrics& metrics) {
  const auto cells = metrics.worker(0).requests(labels);
  cells->started.add(2);
  cells->finished.add();
  cells->answered[2].add();
  cells->reasons.add(5, ErrorKind::no_endpoint);
  cells->latency.add(3ms);
  metrics.worker(0).refused(Direction::inbound, 0, ErrorKind::no_route);
}

TEST(Metrics, SumCountersOverTheWorkersAndTheControlThread) {
  Metrics metrics({.workers = 2});
  metrics.worker(0).counters[CounterId::idle_races].add(2);
  metrics.worker(1).counters[CounterId::idle_races].add(3);
  metrics.worker(1).counters[CounterId::health_checks_failed].add(5);
  metrics.control()[CounterId::config_generation].store(7);
  const std::string text = metrics_text(metrics);
  EXPECT_THAT(text, HasSubstr("\nskiff_idle_races_total 5\n"));
  EXPECT_THAT(text, HasSubstr("\nskiff_health_checks_total{result=\"passed\"} 0\n"
                              "skiff_health_checks_total{result=\"failed\"} 5\n"));
  EXPECT_THAT(text,
              HasSubstr("\n# TYPE skiff_config_generation gauge\nskiff_config_generation 7\n"));
}

TEST(Metrics, TellHandshakesBySideAndResult) {
  Metrics metrics({.workers = 2});
  metrics.worker(0).handshakes.of(TlsRequest::Role::server, TlsFailure::none).add(2);
  metrics.worker(1).handshakes.of(TlsRequest::Role::server, TlsFailure::none).add(3);
  metrics.worker(1).handshakes.of(TlsRequest::Role::client, TlsFailure::timed_out).add();
  const std::string text = metrics_text(metrics);
  EXPECT_THAT(text, HasSubstr("\nskiff_tls_server_handshakes_total{result=\"ok\"} 5\n"
                              "skiff_tls_server_handshakes_total{result=\"tls_failed\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nskiff_tls_client_handshakes_total{result=\"timeout_tls\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{result=\"tls_wrong_identity\"} 0\n"));
}

TEST(Metrics, TellWhatOthersAdd) {
  Metrics metrics({});
  metrics.add([](std::vector<prometheus::MetricFamily>& families) {
    families.push_back(gauge_family("skiff_endpoints", "Endpoints by state."));
    add_value(families.back(), 4, {{"state", "healthy"}});
  });
  EXPECT_THAT(metrics_text(metrics), HasSubstr("\nskiff_endpoints{state=\"healthy\"} 4\n"));
  EXPECT_THAT(metrics_text(metrics),
              HasSubstr("\nskiff_build_info{version=\"" SKIFF_VERSION "\"} 1\n"));
  EXPECT_THAT(metrics_text(metrics), HasSubstr("\nprocess_cpu_seconds_total "));
}

TEST(Metrics, ForgetIdleSeries) {
  Metrics metrics({});
  fill(metrics);
  metrics.worker(0).requests(labels)->finished.add();
  const TimePoint start = TimePoint{} + 1h;
  metrics.expire(start);
  EXPECT_THAT(metrics_text(metrics), HasSubstr("all/0"));
  metrics.expire(start + SeriesTable::idle_life);
  EXPECT_THAT(metrics_text(metrics), Not(HasSubstr("all/0")));
}

TEST(Metrics, AreReadWhileWorkersCount) {
  Metrics metrics({.workers = 2});
  std::atomic<bool> stop = false;
  const auto work = [&](std::size_t index) {
    WorkerMetrics& worker = metrics.worker(index);
    while (!stop) {
      const auto cells = worker.requests(labels);
      cells->started.add();
      cells->latency.add(1ms);
      cells->reasons.add(5, ErrorKind::pool_full);
      cells->finished.add();
      worker.refused(Direction::inbound, 400, ErrorKind::bad_request_host);
      worker.counters[CounterId::pool_waits].add();
    }
  };
  std::thread first(work, 0);
  std::thread second(work, 1);
  TimePoint now = TimePoint{} + 1h;
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(metrics_text(metrics).empty());
    metrics.expire(now += 11min);
  }
  stop = true;
  first.join();
  second.join();
}

TEST(Metrics, LeavePromtoolNothingToFind) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "PROMTOOL IS MISSING (Debian's package prometheus): names are not checked";
  }
  Metrics metrics({});
  fill(metrics);
  const test::TemporaryFolder folder;
  folder.write("metrics", metrics_text(metrics));
  const std::string found = folder.path() + "/found";
  const std::string command =
      "promtool check metrics <" + folder.path() + "/metrics >" + found + " 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::string text;
  if (std::FILE* file = std::fopen(found.c_str(), "r")) {
    for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
    std::fclose(file);
  }
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace skiff
