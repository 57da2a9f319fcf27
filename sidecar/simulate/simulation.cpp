#include "sidecar/simulate/simulation.h"

#include <algorithm>
#include <utility>

#include "base/whole_number.h"
#include "sidecar/app/application.h"
#include "sidecar/simulate/sim_attempt.h"
#include "sidecar/simulate/sim_call.h"
#include "sidecar/simulate/sim_guard.h"
#include "sidecar/simulate/sim_job.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// Within it everything ends that the policies let go on: the longest wait is that for a request.
constexpr Duration longest_end = 600s;

// Of a target's name, `NAME.NAMESPACE:PORT`; 0: the service's first.
std::uint16_t port_of(std::string_view target) {
  const auto colon = target.find(':');
  if (colon == target.npos) return 0;
  return whole_number<std::uint16_t>(target.substr(colon + 1)).value_or(0);
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count).append(" ").append(what);
}

}  // namespace

class Simulation::Plan final : private AgendaEntry {
 public:
  Plan(Agenda& agenda, TimePoint when, std::function<void()> what) : what_(std::move(what)) {
    agenda.arm(*this, when);
  }

 private:
  void occur(TimePoint) override { what_(); }

  const std::function<void()> what_;
};

Simulation::Ticker::Ticker(SimContext& context) : context_(context) {
  context_.agenda.arm(*this, context_.start + Timers::tick_length);
}

void Simulation::Ticker::occur(TimePoint now) {
  context_.agenda.arm(*this, now + Timers::tick_length);
  context_.loop.run_due();
}

Simulation::Simulation(std::uint64_t seed) : context_(seed), ticker_(context_) {}

Simulation::~Simulation() = default;

SimService& Simulation::add(SimServiceSpec spec) {
  const std::string name = spec.name;
  return *(services_[name] = std::make_unique<SimService>(context_, std::move(spec)));
}

SimClient& Simulation::add(SimClientSpec spec) {
  const auto beside = std::ranges::find(clients_, spec.beside,
                                        [](const auto& client) { return client->spec().name; });
  SimClient* const shares = beside == clients_.end() ? nullptr : beside->get();
  return *clients_.emplace_back(
      std::make_unique<SimClient>(context_, *this, std::move(spec), shares));
}

void Simulation::at(Duration when, std::function<void()> what) {
  plans_.push_back(std::make_unique<Plan>(context_.agenda, context_.start + when, std::move(what)));
}

void Simulation::cut(const std::string& zone, const std::string& other_zone) {
  context_.cuts.push_back({zone, other_zone});
}

void Simulation::refresh() {
  for (const auto& [name, service] : services_) {
    for (const auto& instance : service->instances()) prepare(*instance);
  }
  for_each_sidecar([](SimSidecar& sidecar) { sidecar.refresh(); });
}

template <typename Visit>
void Simulation::for_each_sidecar(Visit&& visit) {
  for (const auto& client : clients_) {
    for (const auto& sidecar : client->sidecars()) visit(*sidecar);
  }
  for (const auto& sidecar : sidecars_) visit(*sidecar);
}

void Simulation::begin() {
  if (std::exchange(has_begun_, true)) return;
  refresh();
  for (const auto& client : clients_) client->begin();
}

// An instance that calls others has a sidecar of its own, and so has one that is guarded.
void Simulation::prepare(SimInstance& instance) {
  if (instance.sidecar() != nullptr) return;
  const SimServiceSpec& spec = instance.service().spec();
  sidecars_.push_back(std::make_unique<SimSidecar>(
      context_, *this, instance.address(),
      SimWaySettings{.zone = instance.zone(),
                     .identity = "spiffe://simulated/ns/default/sa/" + spec.name,
                     .latency = spec.latency},
      RouteScope{}));
  instance.stand_beside(sidecars_.back().get(), guard_of(instance));
}

Forwarder* Simulation::guard_of(SimInstance& instance) {
  const SimServiceSpec& spec = instance.service().spec();
  const auto inbound = inbound_.find(spec.name);
  if (!spec.guarded && inbound == inbound_.end()) return nullptr;
  TrafficPolicy policy = policies_["to " + spec.name];
  std::shared_ptr<const RoutePlan> plan;
  if (inbound != inbound_.end()) {
    plan = inbound->second;
    policy = policy_of_application();
    spare_application(plan->inbound.find(port_of(spec.name)), policy);
  }
  return guards_.emplace_back(std::make_unique<SimGuard>(context_, instance, policy, plan)).get();
}

void Simulation::step() {
  AgendaEntry& entry = context_.agenda.take_next();
  const TimePoint now = context_.loop.refresh_now();
  {
    const Loop::Event event(context_.loop);
    entry.occur(now);
  }
  // What was deferred too often for one turn.
  context_.loop.io().poll();
  context_.loop.io().restart();
}

void Simulation::run_until(Duration when) {
  begin();
  const TimePoint end = context_.start + when;
  while (context_.agenda.next() < end) step();
  context_.agenda.pass(end);
  context_.loop.refresh_now();
}

void Simulation::settle() {
  for (const auto& client : clients_) client->set_rate(0);
  const TimePoint end = context_.agenda.now() + longest_end;
  while (context_.calls.in_use() + context_.attempts.in_use() + context_.jobs.in_use() > 0 &&
         context_.agenda.next() < end) {
    step();
  }
}

std::vector<std::string> Simulation::violations() {
  std::vector<std::string> found;
  look_for_what_did_not_end(found);
  look_for_wrong_counts(found);
  return found;
}

void Simulation::look_for_what_did_not_end(std::vector<std::string>& found) {
  if (const auto calls = context_.calls.in_use(); calls > 0) {
    found.push_back(counted(calls, "calls did not end"));
  }
  if (const auto attempts = context_.attempts.in_use(); attempts > 0) {
    found.push_back(counted(attempts, "attempts did not end"));
  }
  if (const auto waiting = context_.pauses.waiting(); waiting > 0) {
    found.push_back(counted(waiting, "pauses did not end"));
  }
  if (const auto waiting = context_.waits.waiting(); waiting > 0) {
    found.push_back(counted(waiting, "requests still wait for room"));
  }
  std::uint32_t in_flight = 0;
  for_each_sidecar([&](SimSidecar& sidecar) { in_flight += sidecar.in_flight(); });
  if (in_flight > 0) found.push_back(counted(in_flight, "requests are still counted in flight"));
}

void Simulation::look_for_wrong_counts(std::vector<std::string>& found) {
  std::uint64_t told = 0;
  std::uint64_t went_out = 0;
  for (const auto& client : clients_) {
    const Tally all = client->tallies().all();
    if (all.sent != all.succeeded + all.failed) {
      found.push_back(client->spec().name + ": of " + counted(all.sent, "requests ") +
                      counted(all.succeeded + all.failed, "ended"));
    }
    told += all.attempts;
    for (const auto& [name, sent] : client->sent()) went_out += sent.attempts;
  }
  if (context_.deadlines_grown > 0) {
    found.push_back(counted(context_.deadlines_grown, "attempts were given a later deadline"));
  }
  if (told != went_out) {
    found.push_back("of " + counted(went_out, "attempts clients were told of ") +
                    std::to_string(told));
  }
  for (const auto& [name, service] : services_) {
    for (const auto& instance : service->instances()) {
      if (instance->trouble().hung || instance->trouble().down) continue;
      if (instance->busy() > 0) found.push_back(instance->address() + " is still busy");
    }
    if (service->begun > service->arrivals) found.push_back(name + " did more than it was asked");
  }
}

}  // namespace skiff
