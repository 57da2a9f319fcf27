#include "cli/simulated_clients.h"

#include "base/suggest.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

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

}  // namespace

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

namespace {

// Null, and a message: no listener of a gateway or several may be meant. `shop.shop/http` may be
// called `shop.shop/http`, `shop/http`, `shop.shop` or `shop`.
const GatewayPlan* find_gateway(const RoutePlan& plan, std::string_view said, std::ostream& err) {
  const std::string_view said_name = said.substr(0, said.find('/'));
  const std::string_view said_listener = said.substr(said_name.size());
  std::vector<std::string_view> found;
  std::vector<std::string_view> names;
  for (const GatewayPlan& gateway : plan.gateways) {
    const std::string_view full = gateway.name;
    const std::string_view name = full.substr(0, full.find('/'));
    const std::string_view listener = full.substr(name.size());
    names.push_back(full);
    const bool is_named = said_name == name || said_name == name.substr(0, name.find('.'));
    if (is_named && (said_listener.empty() || said_listener == listener)) found.push_back(full);
  }
  if (found.size() == 1) return plan.find_gateway(found.front());
  err << "skiff: " << (found.empty() ? "there is no gateway " : "several listeners are meant by ")
      << in_quotes(said);
  const std::string_view near = nearest(said, names);
  if (!found.empty()) {
    for (const std::string_view name : found) err << ' ' << name;
  } else if (!near.empty()) {
    err << "; did you mean " << in_quotes(near) << '?';
  }
  err << '\n';
  return nullptr;
}

SimClientSpec client_of(const SimulateOrder& order, const std::string& target) {
  SimClientSpec spec;
  spec.name = "client of " + target;
  spec.target = target;
  spec.rate = order.rate;
  spec.method = order.method;
  spec.path = order.path;
  spec.headers = order.headers;
  spec.sidecars = order.sidecars;
  spec.zone = order.zone;
  return spec;
}

}  // namespace

std::vector<SimClientSpec> clients_of(const SimulateOrder& order, const RoutePlan& plan,
                                      std::ostream& err) {
  std::vector<SimClientSpec> clients;
  if (!order.gateway.empty()) {
    const GatewayPlan* const gateway = find_gateway(plan, order.gateway, err);
    if (gateway == nullptr) return {};
    SimClientSpec& client = clients.emplace_back(client_of(order, "gateway " + gateway->name));
    client.host = order.host;
    client.scope = {.kind = RouteScope::Kind::gateway, .name = gateway->name};
    return clients;
  }
  for (const std::string& name : order.targets) {
    const TargetSpec* const target = find_target(plan, name, err);
    if (target == nullptr) return {};
    clients.push_back(client_of(order, target->name));
  }
  if (!order.targets.empty()) return clients;
  for (const TargetSpec& target : plan.targets) clients.push_back(client_of(order, target.name));
  return clients;
}

}  // namespace skiff
