#include "sample-services/order/handlers.h"

#include <boost/json/array.hpp>

namespace skiff::shop {

namespace {

json::object product_of(const OrderItem& item) {
  return {{"id", item.product_id}, {"name", item.product_name}, {"price", to_decimal(item.price)}};
}

json::object to_json(const OrderItem& item) {
  json::object object{{"productId", item.product_id},
                      {"name", item.product_name},
                      {"price", to_decimal(item.price)},
                      {"quantity", item.quantity}};
  if (item.coupon_id != 0) {
    object["couponId"] = item.coupon_id;
    object["discount"] = to_decimal(item.discount);
  }
  return object;
}

json::array to_json(const std::vector<OrderItem>& items) {
  json::array array;
  for (const OrderItem& item : items) array.push_back(to_json(item));
  return array;
}

// An order of one item has its `product` in the place of the simple form, beside its `items`.
json::object to_json(const Order& order) {
  json::object object{{"id", order.id},
                      {"user", json::object{{"id", order.user_id}, {"name", order.user_name}}}};
  if (order.items.size() == 1) object["product"] = product_of(order.items.front());
  object["items"] = to_json(order.items);
  object["quantity"] = order.quantity();
  object["total"] = to_decimal(order.total());
  object["usedPoint"] = order.points;
  object["status"] = to_text(order.status);
  if (!order.reason.empty()) object["reason"] = order.reason;
  object["createdAt"] = order.created_at;
  return object;
}

Reply list_orders(OrderStorage& storage, const Request& request) {
  json::array orders;
  const std::int64_t most = query_integer(request.query, "limit", 100, {1, 1'000});
  for (const Order& order : storage.list(most)) orders.push_back(to_json(order));
  return {http::status::ok, std::move(orders)};
}

Reply get_order(OrderStorage& storage, const Request& request) {
  const auto order = storage.find(request.ids[0]);
  if (!order) return error_reply(http::status::not_found, "Order not found");
  return {http::status::ok, to_json(*order)};
}

asio::awaitable<Reply> place_order(Placement& placement, const Request& request) {
  auto wanted = read_body(request.body, read_order_request);
  if (!wanted) co_return wanted.error();
  const auto order = co_await placement.place(*std::move(wanted), request.idempotency_key(),
                                              passed_on(request.headers));
  if (!order) co_return order.error();
  co_return Reply{http::status::created, to_json(*order)};
}

asio::awaitable<Reply> cancel_order(Placement& placement, const Request& request) {
  const auto order = co_await placement.cancel(request.ids[0], passed_on(request.headers));
  if (!order) co_return order.error();
  co_return Reply{http::status::ok, to_json(*order)};
}

}  // namespace

void add_order_handlers(Router& router, OrderStorage& storage, Placement& placement) {
  router.add(http::verb::get, "/orders",
             [&](const Request& request) { return list_orders(storage, request); });
  router.add(http::verb::get, "/orders/{id}",
             [&](const Request& request) { return get_order(storage, request); });
  router.add_waiting(http::verb::post, "/orders",
                     [&](const Request& request) { return place_order(placement, request); });
  router.add_waiting(http::verb::delete_, "/orders/{id}",
                     [&](const Request& request) { return cancel_order(placement, request); });
}

}  // namespace skiff::shop
