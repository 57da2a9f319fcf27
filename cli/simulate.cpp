#include "cli/simulate.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <string_view>
#include <utility>

#include "cli/refuse.h"
#include "cli/simulate_report.h"
#include "cli/simulated_clients.h"
#include "config/schema/snapshot.h"
#include "config/schema/yaml_reader.h"
#include "sidecar/route/route_table.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// What a service without endpoints of its own is taken to have: another will tell them.
constexpr int made_up_endpoints = 3;

// What the files say that a simulation knows nothing of.
void say_what_is_left_out(const Resources& resources, std::ostream& err) {
  std::string text;
  const auto name = [&text](std::size_t count, std::string_view noun, std::string_view plural) {
    if (count > 0) text += (text.empty() ? "" : ", ") + counted(count, noun, plural);
  };
  name(resources.tcp_routes.size(), "TCPRoute", "TCPRoutes");
  name(resources.tls_routes.size(), "TLSRoute", "TLSRoutes");
  name(resources.jwt_policies.size(), "JWTPolicy", "JWTPolicies");
  name(resources.authorization_policies.size(), "AuthorizationPolicy", "AuthorizationPolicies");
  if (!text.empty()) err << "skiff: not simulated: " << text << '\n';
}

// A service without endpoints gets some: another file, or a registry, will tell them.
void make_endpoints_up(const SimulateOrder& order, Resources& resources, std::ostream& err) {
  for (Service& service : resources.services) {
    if (!service.endpoints.empty() || !service.of.empty()) continue;
    for (int i = 1; i <= made_up_endpoints; ++i) {
      for (const ServicePort& port : service.ports) {
        StaticEndpoint& made = service.endpoints.emplace_back();
        made.address = service.metadata.name + "-" + std::to_string(i);
        made.port = port.port;
        made.port_name = port.name;
        made.zone = order.zone;
      }
    }
    err << "skiff: " << service.metadata.name << '.' << service.metadata.ns
        << " has no endpoints in these files: simulated with " << made_up_endpoints << '\n';
  }
}

// What `resources` mean for the sidecars of the clients. They share what a mesh-wide limit gives.
std::shared_ptr<const RoutePlan> plan_for_clients(const SimulateOrder& order,
                                                  const Resources& resources) {
  auto plan = make_route_plan(resources, order.ns);
  for (RateLimitSpec& limit : plan->limits) limit.peers = order.sidecars;
  return plan;
}

// The same for those beside the endpoints of `service`: only what concerns who asks it.
std::unique_ptr<const RoutePlan> plan_for(const Service& service, const Resources& resources) {
  const auto whole = make_route_plan(resources, service.metadata.ns, service.metadata.name);
  auto kept = std::make_unique<RoutePlan>();
  kept->limits = std::move(whole->limits);
  kept->inbound = std::move(whole->inbound);
  return kept;
}

// One run of an order, on its plan.
class Run final {
 public:
  Run(const SimulateOrder& order, const Resources& resources, std::ostream& err)
      : order_(order),
        resources_(resources),
        plan_(plan_for_clients(order, resources)),
        err_(err),
        simulation_(order.seed) {}

  bool prepare() {
    if (plan_->targets.empty()) {
      err_ << "skiff: there is no service in these files\n";
      return false;
    }
    for (const TargetSpec& target : plan_->targets) add_service(target);
    simulation_.route_by(plan_);
    for (const Service& service : resources_.services) add_guards(service);
    return add_clients() && add_troubles();
  }

  void print(std::ostream& out) {
    simulation_.run_until(order_.length);
    simulation_.settle();
    out << to_text(order_.length) << " of virtual time, seed " << order_.seed << '\n';
    for (const auto& client : simulation_.clients()) {
      out << '\n';
      print_table(*client, order_.length, row_length(), out);
    }
    if (const auto events = all_events(); !events.empty()) {
      out << '\n';
      print_events(events, out);
    }
  }

  bool draw() {
    if (order_.svg.empty()) return true;
    std::ofstream file(order_.svg);
    file << plot(simulation_.clients(), order_.length, all_events());
    file.close();
    if (!file) err_ << "skiff: " << order_.svg << " cannot be written\n";
    return !file.fail();
  }

 private:
  void add_service(const TargetSpec& target) {
    SimServiceSpec spec;
    spec.name = target.name;
    spec.work = Spread::lognormal(order_.latency, 0.5);
    spec.concurrency = order_.places;
    for (const KnownEndpoint& known : target.endpoints) {
      spec.endpoints.push_back({std::string(known.address), known.weight, std::string(known.zone)});
    }
    if (spec.endpoints.empty()) spec.zones.clear();
    simulation_.add(spec);
  }

  // The sidecars beside its endpoints.
  void add_guards(const Service& service) {
    const std::shared_ptr<const RoutePlan> plan = plan_for(service, resources_);
    const std::string name = service.metadata.name + "." + service.metadata.ns;
    for (const TargetSpec& target : plan_->targets) {
      const std::string_view full = target.name;
      if (full.substr(0, full.find(':')) == name) simulation_.guard(target.name, plan);
    }
  }

  bool add_clients() {
    const auto clients = clients_of(order_, *plan_, err_);
    for (const SimClientSpec& client : clients) simulation_.add(client);
    return !clients.empty();
  }

  bool add_troubles() {
    for (SimulatedTrouble trouble : order_.troubles) {
      const TargetSpec* const target = find_target(*plan_, trouble.service, err_);
      if (target == nullptr) return false;
      trouble.service = target->name;
      SimService& service = simulation_.service(target->name);
      if (!plan_trouble(simulation_, service, trouble)) {
        err_ << "skiff: " << target->name << " has no endpoint or zone " << in_quotes(trouble.part)
             << "; it has " << counted(service.instances().size(), "endpoint", "endpoints") << '\n';
        return false;
      }
      if (trouble.from >= order_.length) {
        err_ << "skiff: it ends after " << to_text(order_.length) << ", before " << to_text(trouble)
             << " at " << to_text(trouble.from) << '\n';
        return false;
      }
      happenings_.push_back({trouble.from, to_text(trouble)});
      if (trouble.until) happenings_.push_back({*trouble.until, target->name + " is well again"});
    }
    return true;
  }

  Duration row_length() const {
    if (order_.every > 0ms) return std::max<Duration>(order_.every, 1s);
    constexpr int rows = 30;
    return std::max<Duration>(1s, std::chrono::ceil<std::chrono::seconds>(order_.length / rows));
  }

  std::vector<SimEvent> all_events() const {
    std::vector<SimEvent> events = happenings_;
    events.insert(events.end(), simulation_.events().begin(), simulation_.events().end());
    std::ranges::stable_sort(events, {}, &SimEvent::at);
    return events;
  }

  const SimulateOrder& order_;
  const Resources& resources_;
  const std::shared_ptr<const RoutePlan> plan_;
  std::ostream& err_;
  Simulation simulation_;
  std::vector<SimEvent> happenings_;
};

}  // namespace

ExitCode simulate(const SimulateOrder& order, std::ostream& out, std::ostream& err) {
  auto documents = read_documents(order.paths);
  if (!documents) return refuse(documents.error(), err);
  const Violations violations = check_together(documents->resources);
  if (!violations.empty()) return refuse(violations, err);

  Resources resources = std::move(documents->resources);
  make_endpoints_up(order, resources, err);
  Run run(order, resources, err);
  if (!run.prepare()) return ExitCode::usage;
  say_what_is_left_out(resources, err);
  run.print(out);
  return run.draw() ? ExitCode::ok : ExitCode::failure;
}

}  // namespace skiff
