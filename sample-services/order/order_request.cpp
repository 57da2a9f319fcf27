#include "sample-services/order/order_request.h"

namespace skiff::shop {

namespace {

constexpr Range quantity_range{1, 1'000'000};
constexpr Range point_range{0, 1'000'000'000'000};
constexpr std::size_t most_items = 100;

OrderRequest read_items_form(FieldReader& body) {
  OrderRequest request;
  request.user_id = body.integer("userId", positive);
  for (FieldReader& item : body.objects("items", most_items)) {
    request.items.push_back({item.integer("productId", positive),
                             item.integer("quantity", quantity_range),
                             item.integer_or("couponId", 0, positive)});
  }
  request.points = body.integer_or("usePoint", 0, point_range);
  return request;
}

OrderRequest read_single_form(FieldReader& body) {
  OrderRequest request;
  request.user_id = body.integer("user_id", positive);
  request.items.push_back(
      {body.integer("product_id", positive), body.integer("quantity", quantity_range)});
  return request;
}

}  // namespace

OrderRequest read_order_request(FieldReader& body) {
  return body.has("items") || body.has("userId") ? read_items_form(body) : read_single_form(body);
}

}  // namespace skiff::shop
