#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "config/schema/fault_policy.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/pauses.h"

namespace skiff {

// Where what went wrong on purpose is counted. All outlive who counts.
struct FaultCells {
  std::atomic<std::uint64_t>& delays;
  std::atomic<std::uint64_t>& aborts;
  std::atomic<std::uint64_t>& resets;
};

// The faults of one FaultPolicy, until it expires. Each is drawn by itself, of the requests that it
// is for: 0% is never, 100% always. Of those that are drawn the first delay counts, and the first
// abort or reset. Immutable; any thread may ask it.
class FaultRules final {
 public:
  struct Decision {
    Duration delay{};
    const FaultAbort* abort = nullptr;
    bool reset = false;

    bool is_none() const { return delay == Duration::zero() && abort == nullptr && !reset; }
  };

  // From `until` on nothing goes wrong any more.
  FaultRules(const FaultPolicy& policy, TimePoint until, const FaultCells& cells);

  Decision decide(const Request& request, TimePoint now, Random& random) const;
  void count(const Decision& decision) const;

  const std::string& name() const { return name_; }  // `NAMESPACE/NAME`.
  TimePoint until() const { return until_; }

 private:
  const std::string name_;
  const std::vector<Fault> faults_;
  const TimePoint until_;
  const FaultCells cells_;
};

// Does what Exchange::faults decides, before the target is called: holds the request, answers with
// `fault_injected`, or breaks the client's connection off. Stands behind what sets the deadline, so
// that a delay counts against it. No backend has seen what fails here.
class InjectFaults final : public Forwarder {
 public:
  // What is given outlives it.
  InjectFaults(Pauses& pauses, const Clock& clock, Random& random, Forwarder& inner)
      : pauses_(pauses), clock_(clock), random_(random), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  class Delayed;

  void go_on(const FaultRules::Decision& decision, Exchange& exchange, Reply& reply);

  Pauses& pauses_;
  const Clock& clock_;
  Random& random_;
  Forwarder& inner_;
};

}  // namespace skiff
