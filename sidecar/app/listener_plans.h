#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/schema/gateway.h"
#include "config/schema/sidecar.h"
#include "sidecar/app/worker.h"

namespace skiff {

// The listeners of a sidecar, in the order of its file; or, in words, which of them cannot be.
Result<std::vector<ListenerPlan>, std::string> plan_listeners(const SidecarConfig& config,
                                                              const std::vector<Gateway>& gateways);

}  // namespace skiff
