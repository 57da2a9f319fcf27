#include "sidecar/simulate/sim_sidecar.h"

#include <algorithm>
#include <utility>

namespace skiff {

// Asks one instance how it is, as the control thread of a sidecar does.
class SimTarget::Check final : private AgendaEntry {
 public:
  Check(SimTarget& target, SimInstance& instance)
      : target_(target), instance_(instance), state_(*target.policy_.health_check) {
    ask_later();
  }

 private:
  void occur(TimePoint now) override {
    if (!std::exchange(is_asking_, true)) return ask(now);
    is_asking_ = false;
    const bool changed = is_good_ ? state_.passed(now) : state_.failed(now);
    if (changed) target_.chain_.set_healthy(instance_.address(), state_.healthy());
    ask_later();
  }

  // What the answer will be is known at once; that it is not, only when time is up.
  void ask(TimePoint now) {
    const SimTrouble& trouble = instance_.trouble();
    const bool is_silent = trouble.hung || trouble.unreachable ||
                           target_.context_.is_cut(target_.settings_.zone, instance_.zone());
    is_good_ = !is_silent && !trouble.down;
    const Duration latency = 2 * target_.settings_.latency.draw(target_.context_.random);
    target_.context_.agenda.arm(
        *this, now + (is_silent ? Duration(target_.policy_.health_check->timeout) : latency));
  }

  void ask_later() {
    SimContext& context = target_.context_;
    context.agenda.arm(*this, state_.next_check(context.agenda.now(), context.random));
  }

  SimTarget& target_;
  SimInstance& instance_;
  HealthState state_;
  bool is_asking_ = false;
  bool is_good_ = true;
};

SimTarget::SimTarget(SimContext& context, SimService& service, const TrafficPolicy& policy,
                     PolicyStates& states, SimWaySettings settings)
    : context_(context),
      service_(service),
      policy_(policy),
      settings_(std::move(settings)),
      state_(states.of(service.spec().name)),
      endpoints_(policy_.load_balancing, policy_.slow_start, settings_.zone),
      chain_({context.loop, context.pauses, context.waits, endpoints_, *this}, state_, policy_) {
  refresh();
}

SimTarget::~SimTarget() = default;

void SimTarget::refresh() {
  std::vector<EndpointSpec> specs;
  for (const auto& instance : service_.instances()) {
    if (instance->is_registered()) specs.push_back(instance->endpoint());
  }
  const EndpointSpecs all(specs);
  endpoints_.update(
      all, context_.agenda.now(), [](Endpoint&) {}, [](Endpoint&) {});
  chain_.set_endpoints(all);
  checks_.clear();
  if (!policy_.health_check) return;
  for (const auto& instance : service_.instances()) {
    if (instance->is_registered()) checks_.push_back(std::make_unique<Check>(*this, *instance));
  }
}

Forwarder& SimTarget::make_forwarder(Endpoint& endpoint) {
  const std::string address(endpoint.spec->address);
  SimInstance& instance = *service_.find(address);
  auto& way = ways_[&instance];
  if (way == nullptr) way = std::make_unique<SimWay>(context_, settings_, instance);
  auto bulkhead = policy_.bulkhead.endpoint ? state_->bulkheads().endpoint(address) : nullptr;
  endpoint.full = bulkhead == nullptr ? nullptr : &bulkhead->is_full();
  way->limit_by(std::move(bulkhead));
  way->watch_by(chain_.watch(address));
  endpoint.forwarder = way.get();
  return *way;
}

std::uint64_t SimTarget::attempts() const {
  std::uint64_t sum = 0;
  for (const auto& [instance, way] : ways_) sum += way->attempts;
  return sum;
}

std::uint64_t SimTarget::retries() const {
  std::uint64_t sum = 0;
  for (const auto& [instance, way] : ways_) sum += way->retries;
  return sum;
}

std::uint32_t SimTarget::in_flight() const {
  std::uint32_t sum = 0;
  for (const auto& endpoint : endpoints_.endpoints()) sum += endpoint->in_flight;
  return sum;
}

SimSidecar::SimSidecar(SimContext& context, SimMesh& mesh, const std::string& name,
                       SimWaySettings settings)
    : context_(context),
      mesh_(mesh),
      settings_(std::move(settings)),
      states_(context.teller(name)) {}

SimTarget& SimSidecar::target(const std::string& name) {
  auto& target = targets_[name];
  if (target == nullptr) {
    const TrafficPolicy& policy = mesh_.policy(name);
    SimWaySettings settings = settings_;
    settings.connect_timeout = policy.timeouts.connect;
    target = std::make_unique<SimTarget>(context_, mesh_.service(name), policy, states_, settings);
  }
  return *target;
}

}  // namespace skiff
