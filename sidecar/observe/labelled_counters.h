#pragma once

#include <prometheus/metric_family.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/observe/degraded.h"

namespace skiff {

// The counters of one metric, told apart by labels whose values are known only at run time: names
// of policies, callers, addresses. All workers share them. At most `most`; what comes after is
// counted together, with `other` for each value.
class LabelledCounters final {
 public:
  using Cell = std::atomic<std::uint64_t>;

  // `metric`, `help` and `labels` are literals. What is counted is shown times `unit`.
  LabelledCounters(std::string_view metric, std::string_view help,
                   std::vector<std::string_view> labels, std::size_t most, double unit = 1);

  // The counter of these values, one for each label; lives as long as this. Any thread; takes a
  // lock, so keep it where requests are counted.
  Cell& at(const std::vector<std::string>& values);

  // In the order of the values.
  using Visit = std::function<void(const std::vector<std::string>& values, std::uint64_t count)>;
  void visit(const Visit& visit) const;

  void collect(std::vector<prometheus::MetricFamily>& families) const;

 private:
  const std::string_view metric_;
  const std::string_view help_;
  const std::vector<std::string_view> labels_;
  const std::size_t most_;
  const double unit_;
  mutable std::mutex mutex_;  // Guards the map, not what the cells count.
  std::map<std::vector<std::string>, Cell> cells_;
};

// Those that the workers share.
struct NamedCounters {
  LabelledCounters verdicts{"skiff_authorization_verdicts_total",
                            "What authorization policies decided, by the rule that did.",
                            {"policy", "rule", "verdict", "mode"},
                            1'000};
  LabelledCounters plaintext{"skiff_plaintext_callers_total",
                             "Connections in plain text to ports that take mutual TLS, by the "
                             "service whose address they come from.",
                             {"source"},
                             1'000};
  LabelledCounters egress{"skiff_egress_connections_total",
                          "Captured connections to addresses that are no service, by what became "
                          "of them.",
                          {"address", "verdict"},
                          1'000};

  LabelledCounters transitions{"skiff_policy_transitions_total",
                               "Changes of state of policies, such as a circuit breaker that "
                               "opened; `subject` is the target.",
                               {"policy", "subject", "from", "to"},
                               1'000};
  LabelledCounters faults{"skiff_faults_injected_total",
                          "Requests that a FaultPolicy delayed, answered or reset on purpose.",
                          {"policy", "fault"},
                          1'000};
  LabelledCounters expired_faults{"skiff_fault_policies_expired_total",
                                  "FaultPolicies whose ttl has passed.",
                                  {"policy"},
                                  1'000};
  DegradedCounters degraded;

  LabelledCounters tokens{"skiff_jwt_verdicts_total",
                          "What JWTPolicies decided: valid; none: no token, and none is asked "
                          "for; else the reason.",
                          {"policy", "verdict"},
                          4'000};
  LabelledCounters token_signatures{"skiff_jwt_signatures_checked_total",
                                    "Signatures of tokens that were checked; other tokens were "
                                    "remembered, or refused before.",
                                    {"policy"},
                                    1'000};
  LabelledCounters limits{"skiff_rate_limit_verdicts_total",
                          "What rate limits decided.",
                          {"policy", "limit", "verdict", "mode"},
                          4'000};
  LabelledCounters redis_decisions{
      "skiff_rate_limit_redis_decisions_total",
      "Decisions that a Redis was asked for: decided; late: not within "
      "the timeout; lost: no connection; refused: an error.",
      {"policy", "limit", "result"},
      4'000};
  LabelledCounters redis_time{"skiff_rate_limit_redis_seconds_total",
                              "How long those that were decided took, in all.",
                              {"policy", "limit"},
                              1'000,
                              1e-9};

  void collect(std::vector<prometheus::MetricFamily>& families) const {
    verdicts.collect(families);
    plaintext.collect(families);
    egress.collect(families);
    faults.collect(families);
    expired_faults.collect(families);
    degraded.collect(families);
    transitions.collect(families);
    tokens.collect(families);
    token_signatures.collect(families);
    limits.collect(families);
    redis_decisions.collect(families);
    redis_time.collect(families);
  }
};

}  // namespace skiff
