#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/simulate/sim_client.h"
#include "sidecar/simulate/sim_guard.h"

namespace skiff {

// A network of clients, sidecars and applications in virtual time, all drawn from one seed: the
// same seed gives the same run. What sidecars decide with is the real chain of policies. Describe
// it first, then run it.
class Simulation final : public SimMesh {
 public:
  explicit Simulation(std::uint64_t seed);
  ~Simulation();

  SimService& add(SimServiceSpec spec);
  SimClient& add(SimClientSpec spec);
  // In force for the calls to one target. Before anybody has called it.
  TrafficPolicy& policy_of(const std::string& target) { return policies_[target]; }
  // Requests go by these routes, to these targets, by their policies; each has its service.
  void route_by(std::shared_ptr<const RoutePlan> plan) { plan_ = std::move(plan); }
  // What the sidecars beside this service's instances hold those to who ask it.
  void guard(const std::string& service, std::shared_ptr<const RoutePlan> plan) {
    inbound_[service] = std::move(plan);
  }

  // Does it then, counted from the start.
  void at(Duration when, std::function<void()> what);
  void cut(const std::string& zone, const std::string& other_zone);
  void mend() { context_.cuts.clear(); }
  // All sidecars hear what the registry says now.
  void refresh();

  void run_until(Duration when);
  // The clients stop, and what is under way comes to its end.
  void settle();

  // What must never be, whatever happened; after settle(). Empty: all is well.
  std::vector<std::string> violations();

  SimService& service(const std::string& name) override { return *services_.at(name); }
  std::vector<std::unique_ptr<SimClient>>& clients() { return clients_; }
  const TrafficPolicy& policy(const std::string& target) override { return policies_[target]; }
  std::shared_ptr<const RoutePlan> plan() override { return plan_; }
  const std::map<std::string, std::unique_ptr<SimService>>& services() const { return services_; }
  const std::vector<SimEvent>& events() const { return context_.events; }
  Duration elapsed() const { return context_.agenda.now() - context_.start; }
  std::uint64_t trace_hash() const { return context_.trace.hash(); }
  std::size_t under_way() const { return context_.calls.in_use(); }

 private:
  // What a scenario does at some time.
  class Plan;
  // Lets the timers of the policies run.
  class Ticker final : private AgendaEntry {
   public:
    explicit Ticker(SimContext& context);

   private:
    void occur(TimePoint now) override;

    SimContext& context_;
  };

  void begin();
  void prepare(SimInstance& instance);
  Forwarder* guard_of(SimInstance& instance);
  void step();
  void look_for_what_did_not_end(std::vector<std::string>& found);
  void look_for_wrong_counts(std::vector<std::string>& found);
  template <typename Visit>
  void for_each_sidecar(Visit&& visit);

  SimContext context_;
  Ticker ticker_;
  std::map<std::string, TrafficPolicy> policies_;
  std::shared_ptr<const RoutePlan> plan_;                            // Null: no routes.
  std::map<std::string, std::shared_ptr<const RoutePlan>> inbound_;  // By service.
  std::map<std::string, std::unique_ptr<SimService>> services_;
  std::vector<std::unique_ptr<SimSidecar>> sidecars_;  // Of instances that call others.
  std::vector<std::unique_ptr<SimGuard>> guards_;      // Of instances whose sidecars decide too.
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::vector<std::unique_ptr<Plan>> plans_;
  bool has_begun_ = false;
};

}  // namespace skiff
