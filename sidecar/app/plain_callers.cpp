#include "sidecar/app/plain_callers.h"

namespace skiff {
namespace {

constexpr std::size_t most_known = 1'000;  // Addresses that are remembered.

// Whether `endpoint`, such as `10.0.0.7:80` or `[::1]:80`, is at that address.
bool is_at(std::string_view endpoint, std::string_view address) {
  std::string_view host = endpoint.substr(0, endpoint.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host == address;
}

bool is_at(const TargetSpec& target, std::string_view address) {
  for (const KnownEndpoint& endpoint : target.endpoints) {
    if (is_at(endpoint.address, address)) return true;
  }
  return false;
}

// Ports of one service are targets of their own: `product.shop`, `product.shop:9090`.
std::string service_at(const RoutePlan& plan, std::string_view address) {
  std::string found;
  for (const TargetSpec& target : plan.targets) {
    if (!is_at(target, address)) continue;
    const std::string service = target.name.substr(0, target.name.find(':'));
    if (!found.empty() && found != service) return "several";
    found = service;
  }
  return found.empty() ? "unknown" : found;
}

}  // namespace

void PlainCallers::count(std::string_view address) {
  cell_of(address).fetch_add(1, std::memory_order_relaxed);
}

LabelledCounters::Cell& PlainCallers::cell_of(std::string_view address) {
  const Generation& current = *generations_.current();
  if (current.number != generation_ || known_.size() >= most_known) {
    known_.clear();
    generation_ = current.number;
  }
  const auto found = known_.find(address);
  if (found != known_.end()) return *found->second;
  LabelledCounters::Cell& cell = counters_.at({service_at(*current.plan, address)});
  known_.emplace(address, &cell);
  return cell;
}

}  // namespace skiff
