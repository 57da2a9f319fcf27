#pragma once

#include "sample-services/common/router.h"
#include "sample-services/order/placement.h"
#include "sample-services/order/storage.h"

namespace skiff::shop {

// Adds the HTTP API of the order service. `storage` and `placement` outlive the router.
void add_order_handlers(Router& router, OrderStorage& storage, Placement& placement);

}  // namespace skiff::shop
