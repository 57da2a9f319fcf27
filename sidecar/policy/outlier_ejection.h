#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "config/schema/outlier_ejection.h"
#include "sidecar/http/endpoint_spec.h"
#include "sidecar/policy/admission.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// Leaves out single endpoints of a target that fail while others work.
//
//   in -- too many failures in a row, or a success rate far below the others' --> ejected
//   ejected -- `baseEjectionTime`, times how often it was ejected, is over --> in
//
// It is told the results by the Admission of each endpoint, which never refuses: who balances asks
// for the ejected() ones when version() has changed. `minHealthy` of the endpoints stay whatever
// they do. Where all that stay have failed in a row too, nobody is an outlier: all come back, as
// who was ejected may be the first that works again. Each interval in which an endpoint was not
// ejected takes one from how often it was. What was sent before an endpoint was ejected or came
// back says nothing of it any more.
//
// All workers share it; takes a lock. A decider: no I/O, told the time.
// Source: Envoy, "Outlier detection": consecutive 5xx and success rate.
class OutlierEjection final {
 public:
  struct Figures {
    bool ejected = false;
    std::uint32_t failures_in_a_row = 0;
    std::uint32_t times_ejected = 0;
    Duration back_in{};  // Of an ejected one.
  };

  // `subject` is the target; `seed` is for jitter. `tell` may be empty.
  OutlierEjection(const OutlierEjectionConfig& config, std::string subject, std::uint64_t seed,
                  OnPolicyEvent tell, TimePoint now);
  ~OutlierEjection();
  OutlierEjection(const OutlierEjection&) = delete;
  OutlierEjection& operator=(const OutlierEjection&) = delete;

  // The target's endpoints from now on, of which those without a weight do not count. Those that
  // stay keep their state.
  void set_endpoints(const EndpointSpecs& specs);
  // By active checks: who is unhealthy is not among those that stay.
  void set_healthy(std::string_view address, bool healthy);
  // What the results of one endpoint are told to. Must not outlive this.
  std::shared_ptr<Admission> watch(const std::string& address);

  // Another one than before: ejected() are others. Costs two loads, mostly.
  std::uint64_t version(TimePoint now) {
    if (now.time_since_epoch().count() >= next_return_.load(std::memory_order_relaxed)) look(now);
    return version_.load(std::memory_order_acquire);
  }
  std::vector<std::string> ejected() const;  // Addresses, in order.

  // Keeps who is ejected, at most for the new longest time.
  void configure(const OutlierEjectionConfig& config, TimePoint now);
  // Its policy is not in force any more: all come back, and it begins anew when it is again.
  void turn_off(TimePoint now);

  using Visit = std::function<void(const std::string& address, const Figures& figures)>;
  void visit(const Visit& visit, TimePoint now) const;

 private:
  class Watch;
  struct Change {
    std::string address;
    bool ejected = false;
    std::string why;
  };
  using Changes = std::vector<Change>;
  using Watches = std::map<std::string, std::shared_ptr<Watch>, std::less<>>;

  void record(Watch& watch, Admission::Ticket ticket, bool failed, TimePoint now);
  void look(TimePoint now);

  // All these need mutex_. What count() counts by is changed between two calls of it.
  Watch& watch_of(std::string_view address);
  void count(const Watch& watch, int by);
  bool may_eject(const Watch& watch) const;
  bool works(const Watch& watch) const;
  void set_row(Watch& watch, std::uint32_t failures);
  void recount();
  void failed_in_a_row(Watch& watch, TimePoint now, Changes& changes);
  bool eject(Watch& watch, const std::string& why, TimePoint now, Changes& changes);
  void take_back(Watch& watch, const std::string& why, TimePoint now, Changes& changes);
  void look_at_rates(TimePoint now, Changes& changes);
  void forget_results(TimePoint now);
  void find_next_return();

  void tell(const Changes& changes) const;

  const std::string subject_;
  const OnPolicyEvent tell_;
  std::atomic<std::uint64_t> version_ = 1;
  std::atomic<TimePoint::rep> next_return_;
  mutable std::mutex mutex_;  // Guards all below, and is held to write the atomics.
  OutlierEjectionConfig config_;
  Random random_;
  EndpointSpecs specs_;
  Watches watches_;            // Also of endpoints that went, while something is under way there.
  std::size_t members_ = 0;    // Endpoints.
  std::size_t available_ = 0;  // Of them: neither ejected nor unhealthy.
  std::size_t working_ = 0;    // Of these: works().
  TimePoint rates_at_;         // When success rates are looked at next.
};

}  // namespace skiff
