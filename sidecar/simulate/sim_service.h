#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/http/endpoint_spec.h"
#include "sidecar/simulate/sim_instance.h"
#include "sidecar/simulate/spread.h"

namespace skiff {

// What an application calls to answer one request, one after the other.
struct SimDependency {
  std::string target;
  bool needed = true;  // Without it the answer is 503, else it goes on.
};

// How an application works.
struct SimServiceSpec {
  std::string name{};
  std::vector<std::string> zones = {""};                         // One instance for each.
  std::vector<EndpointSpec> endpoints{};                         // Said, these are the instances.
  Spread work = Spread::constant(std::chrono::milliseconds(5));  // Of one request.
  std::uint32_t concurrency = 64;                                // Requests worked on at once.
  std::uint32_t queue = 1'000'000;                               // More than that: its own 503.
  // What nobody waits for any more is not begun, or left. Else it is worked off all the same.
  bool notices_cancel = false;
  Duration warm_up{};    // After a start work takes longer: ten times first, down to as usual.
  bool guarded = false;  // Its sidecar's policy holds for what arrives too.
  std::vector<SimDependency> calls{};
  Spread latency = Spread::constant(std::chrono::microseconds(500));  // Of its calls; one way.
};

// All instances of one application, and what they did.
class SimService final {
 public:
  SimService(SimContext& context, SimServiceSpec spec);

  const SimServiceSpec& spec() const { return spec_; }
  SimInstance& instance(std::size_t index) { return *instances_[index]; }
  const std::vector<std::unique_ptr<SimInstance>>& instances() const { return instances_; }
  SimInstance* find(std::string_view address);
  SimInstance& add_instance(const std::string& zone);
  SimInstance& add_instance(EndpointSpec endpoint);

  void executed(std::uint64_t id);
  // How long after its client had its answer one of its requests was begun, at most.
  Duration latest_begin() const { return latest_begin_; }
  // How often the request with this id was begun, in all instances.
  std::uint32_t executions(std::uint64_t id) const;
  std::uint32_t most_executions() const;

  std::uint64_t arrivals = 0;   // Attempts that reached it.
  std::uint64_t begun = 0;      // Executions.
  std::uint64_t completed = 0;  // Answers that somebody still waited for.
  std::uint64_t wasted = 0;     // Work that nobody waited for any more.

 private:
  SimContext& context_;
  const SimServiceSpec spec_;
  std::vector<std::unique_ptr<SimInstance>> instances_;
  std::vector<std::uint8_t> executions_;  // By id.
  Duration latest_begin_{};
};

}  // namespace skiff
