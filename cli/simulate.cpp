#include "cli/simulate.h"

#include <algorithm>
#include <fstream>
#include <string_view>

#include "base/suggest.h"
#include "cli/refuse.h"
#include "cli/simulate_report.h"
#include "config/schema/snapshot.h"
#include "config/schema/yaml_reader.h"
#include "sidecar/route/route_table.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// What a service without endpoints of its own is taken to have: another will tell them.
constexpr int made_up_endpoints = 3;

// The targets of `plan` that `name` may mean: `product.shop`, or `product`.
std::vector<const TargetSpec*> meant(const RoutePlan& plan, std::string_view name) {
  std::vector<const TargetSpec*> found;
  for (const TargetSpec& target : plan.targets) {
    const std::string_view full = target.name;
    if (full == name) return {&target};
    if (full.substr(0, full.find('.')) == name && full.find(':') == full.npos) {
      found.push_back(&target);
    }
  }
  return found;
}

// Null, and a message: no target or several have that name.
const TargetSpec* find_target(const RoutePlan& plan, std::string_view name, std::ostream& err) {
  const auto found = meant(plan, name);
  if (found.size() == 1) return found.front();
  err << "skiff: " << (found.empty() ? "there is no service " : "several services are called ")
      << in_quotes(name);
  std::vector<std::string_view> names;
  for (const TargetSpec& target : plan.targets) {
    names.push_back(std::string_view(target.name).substr(0, target.name.find('.')));
    names.push_back(target.name);
  }
  const std::string_view near = nearest(name, names);
  if (!found.empty()) {
    for (const TargetSpec* target : found) err << ' ' << target->name;
  } else if (!near.empty()) {
    err << "; did you mean " << in_quotes(near) << '?';
  }
  err << '\n';
  return nullptr;
}

bool is_of_a_route(const TrafficPolicy& policy) {
  return std::ranges::any_of(policy.target_refs,
                             [](const ObjectRef& target) { return target.kind != "Service"; });
}

// What the files say that a simulation knows nothing of: what is decided before the target is.
void say_what_is_left_out(const Resources& resources, std::ostream& err) {
  const std::size_t of_routes = std::ranges::count_if(resources.traffic_policies, is_of_a_route);
  const std::size_t routes = resources.http_routes.size() + resources.grpc_routes.size() +
                             resources.tcp_routes.size() + resources.tls_routes.size();
  std::string text;
  const auto name = [&text](std::size_t count, std::string_view noun, std::string_view plural) {
    if (count > 0) text += (text.empty() ? "" : ", ") + counted(count, noun, plural);
  };
  name(routes, "route", "routes");
  name(of_routes, "TrafficPolicy of a route", "TrafficPolicies of routes");
  name(resources.jwt_policies.size(), "JWTPolicy", "JWTPolicies");
  name(resources.rate_limit_policies.size(), "RateLimitPolicy", "RateLimitPolicies");
  name(resources.fault_policies.size(), "FaultPolicy", "FaultPolicies");
  name(resources.authorization_policies.size(), "AuthorizationPolicy", "AuthorizationPolicies");
  if (!text.empty()) err << "skiff: not simulated: " << text << '\n';
}

// One run of an order, on its plan.
class Run final {
 public:
  Run(const SimulateOrder& order, const RoutePlan& plan, std::ostream& err)
      : order_(order), plan_(plan), err_(err), simulation_(order.seed) {}

  bool prepare() {
    if (plan_.targets.empty()) {
      err_ << "skiff: there is no service in these files\n";
      return false;
    }
    for (const TargetSpec& target : plan_.targets) add_service(target);
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
    if (spec.endpoints.empty()) {
      spec.zones.assign(made_up_endpoints, order_.zone);
      err_ << "skiff: " << target.name << " has no endpoints in these files: simulated with "
           << made_up_endpoints << '\n';
    }
    simulation_.add(spec);
    simulation_.policy_of(target.name) = target.policy;
  }

  bool add_clients() {
    std::vector<const TargetSpec*> targets;
    for (const std::string& name : order_.targets) {
      targets.push_back(find_target(plan_, name, err_));
      if (targets.back() == nullptr) return false;
    }
    if (order_.targets.empty()) {
      for (const TargetSpec& target : plan_.targets) targets.push_back(&target);
    }
    for (const TargetSpec* target : targets) {
      SimClientSpec spec;
      spec.name = "client of " + target->name;
      spec.target = target->name;
      spec.rate = order_.rate;
      spec.method = order_.method;
      spec.sidecars = order_.sidecars;
      spec.zone = order_.zone;
      simulation_.add(spec);
    }
    return true;
  }

  bool add_troubles() {
    for (SimulatedTrouble trouble : order_.troubles) {
      const TargetSpec* const target = find_target(plan_, trouble.service, err_);
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
  const RoutePlan& plan_;
  std::ostream& err_;
  Simulation simulation_;
  std::vector<SimEvent> happenings_;
};

}  // namespace

ExitCode simulate(const SimulateOrder& order, std::ostream& out, std::ostream& err) {
  const auto documents = read_documents(order.paths);
  if (!documents) return refuse(documents.error(), err);
  const Violations violations = check_together(documents->resources);
  if (!violations.empty()) return refuse(violations, err);

  const auto plan = make_route_plan(documents->resources, "default");
  Run run(order, *plan, err);
  if (!run.prepare()) return ExitCode::usage;
  say_what_is_left_out(documents->resources, err);
  run.print(out);
  return run.draw() ? ExitCode::ok : ExitCode::failure;
}

}  // namespace skiff
