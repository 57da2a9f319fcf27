#pragma once

#include <cstdint>
#include <vector>

#include "sample-services/common/fields.h"

namespace skiff::shop {

struct WantedItem {
  std::int64_t product_id = 0;
  std::int64_t quantity = 0;
  std::int64_t coupon_id = 0;  // 0: none.
};

// What a client asks for with `POST /orders`.
struct OrderRequest {
  std::int64_t user_id = 0;
  std::vector<WantedItem> items;  // 1 to 100, of quantity 1 to 1,000,000 each.
  std::int64_t points = 0;        // To pay with.
};

// Reads either form of the body:
//   {"user_id": 1, "product_id": 1, "quantity": 2}
//   {"userId": 1, "items": [{"productId": 1, "quantity": 2, "couponId": 3}], "usePoint": 200}
OrderRequest read_order_request(FieldReader& body);

}  // namespace skiff::shop
