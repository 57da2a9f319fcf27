#include "sidecar/simulate/sim_service.h"

#include <algorithm>
#include <utility>

namespace skiff {

SimService::SimService(SimContext& context, SimServiceSpec spec)
    : context_(context), spec_(std::move(spec)) {
  for (const EndpointSpec& endpoint : spec_.endpoints) add_instance(endpoint);
  if (!spec_.endpoints.empty()) return;
  for (const std::string& zone : spec_.zones) add_instance(zone);
}

SimInstance& SimService::add_instance(const std::string& zone) {
  std::string address = spec_.name + "-" + std::to_string(instances_.size() + 1);
  return add_instance(EndpointSpec{.address = std::move(address), .weight = 1, .zone = zone});
}

SimInstance& SimService::add_instance(EndpointSpec endpoint) {
  return *instances_.emplace_back(
      std::make_unique<SimInstance>(context_, *this, std::move(endpoint)));
}

SimInstance* SimService::find(std::string_view address) {
  const auto found =
      std::ranges::find(instances_, address, [](const auto& each) { return each->address(); });
  return found == instances_.end() ? nullptr : found->get();
}

void SimService::executed(std::uint64_t id) {
  ++begun;
  context_.trace.note(Trace::What::executed, id, begun, context_.agenda.now());
  if (id < context_.ended_at.size() && context_.ended_at[id] != TimePoint{}) {
    latest_begin_ = std::max(latest_begin_, context_.agenda.now() - context_.ended_at[id]);
  }
  if (id >= executions_.size()) executions_.resize(2 * id + 1);
  ++executions_[id];
}

std::uint32_t SimService::executions(std::uint64_t id) const {
  return id < executions_.size() ? executions_[id] : 0;
}

std::uint32_t SimService::most_executions() const {
  return executions_.empty() ? 0 : *std::ranges::max_element(executions_);
}

}  // namespace skiff
