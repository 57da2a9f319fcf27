#include "sidecar/simulate/sim_sidecar.h"

#include <utility>

#include "sidecar/balance/health.h"

namespace skiff {

// Asks one instance how it is, as the control thread of a sidecar does.
class SimSidecar::Check final : private AgendaEntry {
 public:
  Check(SimSidecar& sidecar, Called& called, SimInstance& instance)
      : sidecar_(sidecar),
        target_(*called.target),
        instance_(instance),
        config_(*called.spec.policy.health_check),
        state_(config_) {
    ask_later();
  }

 private:
  void occur(TimePoint now) override {
    if (!std::exchange(is_asking_, true)) return ask(now);
    is_asking_ = false;
    const bool changed = is_good_ ? state_.passed(now) : state_.failed(now);
    if (changed) target_.set_healthy(instance_.address(), state_.healthy());
    ask_later();
  }

  // What the answer will be is known at once; that it is not, only when time is up.
  void ask(TimePoint now) {
    SimContext& context = sidecar_.context_;
    const SimTrouble& trouble = instance_.trouble();
    const bool is_silent = trouble.hung || trouble.unreachable ||
                           context.is_cut(sidecar_.settings_.zone, instance_.zone());
    is_good_ = !is_silent && !trouble.down;
    const Duration latency = 2 * sidecar_.settings_.latency.draw(context.random);
    context.agenda.arm(*this, now + (is_silent ? Duration(config_.timeout) : latency));
  }

  void ask_later() {
    SimContext& context = sidecar_.context_;
    context.agenda.arm(*this, state_.next_check(context.agenda.now(), context.random));
  }

  SimSidecar& sidecar_;
  Target& target_;
  SimInstance& instance_;
  const HealthCheckConfig config_;
  HealthState state_;
  bool is_asking_ = false;
  bool is_good_ = true;
};

SimSidecar::SimSidecar(SimContext& context, SimMesh& mesh, const std::string& name,
                       SimWaySettings settings, RouteScope scope)
    : context_(context),
      mesh_(mesh),
      settings_(std::move(settings)),
      scope_(std::move(scope)),
      states_(context.teller(name)),
      counted_(context, states_, context.teller(name)),
      targets_{context.loop,  *this,   identity_,     context.pauses,
               context.waits, states_, settings_.zone} {}

SimSidecar::~SimSidecar() = default;

std::unique_ptr<Way> SimSidecar::make(const std::string& target, const KnownEndpoint& to,
                                      const WaySettings& settings) {
  SimInstance& instance = *mesh_.service(target).find(to.address);
  return std::make_unique<SimWay>(context_, settings_, settings, instance, sent_[target]);
}

Forwarder& SimSidecar::way_to(const std::string& target) {
  if (mesh_.plan() == nullptr) return *called(target).target;
  if (routes_ == nullptr) route();
  return *routes_;
}

void SimSidecar::route() {
  const auto plan = mesh_.plan();
  routes_ = std::make_unique<SimRoutes>(context_, targets_, counted_.counters, scope_);
  routes_->apply(plan);
  for (const TargetSpec& spec : plan->targets) {
    Called& made = called_[spec.name];
    made.spec = spec;
    made.target = &routes_->target(spec.name);
    refresh(made);
  }
}

SimSidecar::Called& SimSidecar::called(const std::string& target) {
  const auto found = called_.find(target);
  if (found != called_.end()) return found->second;
  Called& made = called_[target];
  made.spec.name = target;
  made.spec.policy = mesh_.policy(target);
  made.own = std::make_unique<Target>(targets_, made.spec);
  made.target = made.own.get();
  refresh(made);
  return made;
}

void SimSidecar::refresh() {
  for (auto& [name, called] : called_) refresh(called);
}

void SimSidecar::refresh(Called& called) {
  SimService& service = mesh_.service(called.spec.name);
  called.checks.clear();
  std::vector<EndpointSpec> specs;
  for (const auto& instance : service.instances()) {
    if (instance->is_registered()) specs.push_back(instance->endpoint());
  }
  called.spec.endpoints = EndpointSpecs(specs);
  called.target->update(called.spec);
  if (!called.spec.policy.health_check) return;
  for (const auto& instance : service.instances()) {
    if (!instance->is_registered()) continue;
    called.checks.push_back(std::make_unique<Check>(*this, called, *instance));
  }
}

std::uint32_t SimSidecar::in_flight() const {
  std::uint32_t sum = 0;
  for (const auto& [name, called] : called_) {
    for (const auto& endpoint : called.target->endpoints().endpoints()) sum += endpoint->in_flight;
  }
  return sum;
}

}  // namespace skiff
