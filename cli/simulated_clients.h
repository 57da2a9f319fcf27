#pragma once

#include <ostream>
#include <string_view>
#include <vector>

#include "cli/simulate.h"
#include "sidecar/route/route_table.h"
#include "sidecar/simulate/sim_client.h"

namespace skiff {

// The target that is called `product.shop`, or `product`. Null, and a message: no target or several
// have that name.
const TargetSpec* find_target(const RoutePlan& plan, std::string_view name, std::ostream& err);

// The clients that an order is for: of a gateway, of the targets that it names, or of all. None,
// and a message: what it names is not there.
std::vector<SimClientSpec> clients_of(const SimulateOrder& order, const RoutePlan& plan,
                                      std::ostream& err);

}  // namespace skiff
