#pragma once

#include "sample-services/common/router.h"
#include "sample-services/product/storage.h"

namespace skiff::shop {

// Adds the HTTP API of the product service. `storage` outlives the router.
void add_product_handlers(Router& router, ProductStorage& storage);

}  // namespace skiff::shop
