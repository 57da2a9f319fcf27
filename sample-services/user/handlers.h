#pragma once

#include "sample-services/common/router.h"
#include "sample-services/user/storage.h"

namespace skiff::shop {

// Adds the HTTP API of the user service. `storage` outlives the router.
void add_user_handlers(Router& router, UserStorage& storage);

}  // namespace skiff::shop
