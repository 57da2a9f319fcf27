#include "sample-services/order/placement.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>

namespace skiff::shop {

namespace {

constexpr std::int64_t most_settled = 100;

std::string stock_key(const Order& order) { return order.key + "-stock"; }
std::string points_key(const Order& order) { return order.key + "-points"; }

std::vector<std::int64_t> coupons_of(const Order& order) {
  std::vector<std::int64_t> coupons;
  for (const OrderItem& item : order.items) {
    if (item.coupon_id != 0) coupons.push_back(item.coupon_id);
  }
  return coupons;
}

bool pays_with_points(const Order& order) { return order.points > 0 || !coupons_of(order).empty(); }

Reply unavailable(const Unavailable& failure) {
  json::object body = error_body("Service '" + failure.service + "' is unavailable");
  body["service"] = failure.service;
  body["reason"] = failure.reason;
  return {http::status::service_unavailable, std::move(body)};
}

Reply malformed_answer(const std::string& service, const FieldError& error) {
  return unavailable({service, "answered wrongly: " + error.message});
}

std::string message_of(const Reply& reply) {
  const json::value* error = reply.body.as_object().if_contains("error");
  return error && error->is_string() ? std::string(error->get_string()) : std::string();
}

// The discount of the user's coupon, at most `price`; nothing where it cannot be used.
std::optional<Money> discount_of(std::int64_t coupon_id, Money price, FieldReader& user) {
  if (!user.has("coupons")) return std::nullopt;
  for (FieldReader& coupon : user.objects("coupons", 10'000)) {
    if (coupon.integer("id") == coupon_id) return std::min(coupon.money("discount"), price);
  }
  return std::nullopt;
}

Reply bad_coupon(std::int64_t coupon_id) {
  json::object body = error_body("Coupon not found");
  body["couponId"] = coupon_id;
  return {http::status::not_found, std::move(body)};
}

// An item of which the product service said `product`, for a client that is `user`.
Result<OrderItem, Reply> price_item(const WantedItem& wanted, const json::object& product,
                                    const json::object& user) {
  std::optional<FieldError> error;
  FieldReader fields(product, error);
  OrderItem item{wanted.product_id, fields.text("name"), fields.money("price"),
                 wanted.quantity,   wanted.coupon_id,    {}};
  if (error) return malformed_answer("product", *error);
  if (wanted.coupon_id == 0) return item;

  FieldReader user_fields(user, error);
  const auto discount = discount_of(wanted.coupon_id, item.price * item.quantity, user_fields);
  if (!discount) return bad_coupon(wanted.coupon_id);
  if (error) return malformed_answer("user", *error);
  item.discount = *discount;
  return item;
}

std::string path(const char* collection, std::int64_t id) {
  return std::string(collection) + std::to_string(id);
}

}  // namespace

asio::awaitable<Result<Order, Reply>> Placement::place(OrderRequest wanted, std::string request_key,
                                                       http::fields headers) {
  if (auto earlier = storage_.find_by_request_key(request_key)) {
    if (earlier->status == OrderStatus::completed) co_return *std::move(earlier);
    co_return error_reply(
        http::status::conflict,
        std::string("Order with this Idempotency-Key is ") + to_text(earlier->status));
  }
  auto drafted = co_await draft(std::move(wanted), headers);
  if (!drafted) co_return drafted.error();
  if (auto other = storage_.find_by_request_key(request_key)) {  // It came while we asked.
    co_return error_reply(http::status::conflict, "Order with this Idempotency-Key is PENDING");
  }
  drafted->request_key = std::move(request_key);
  Order order = storage_.add(*std::move(drafted));
  const Step done = co_await run_steps(order, headers);
  if (!done) co_return done.error();
  order.status = OrderStatus::completed;
  storage_.set_status(order.id, order.status, "");
  co_return order;
}

asio::awaitable<Result<Order, Reply>> Placement::cancel(std::int64_t id, http::fields headers) {
  const auto order = storage_.find(id);
  if (!order) co_return error_reply(http::status::not_found, "Order not found");
  if (order->status == OrderStatus::pending) {
    co_return error_reply(http::status::conflict, "Order is being placed");
  }
  if (order->status != OrderStatus::cancelled) {
    const bool first = order->status == OrderStatus::completed;
    const std::string reason = first ? "cancelled by the client" : order->reason;
    const Step undone = co_await cancel_with_reason(*order, reason, headers);
    if (!undone) co_return undone.error();
  }
  co_return *storage_.find(id);
}

void Placement::adopt_cut_off() {
  while (true) {
    const auto orders = storage_.with_status(OrderStatus::pending, most_settled);
    if (orders.empty()) return;
    for (const Order& order : orders) {
      storage_.set_status(order.id, OrderStatus::cancelling, "the service stopped while placing");
    }
  }
}

asio::awaitable<void> Placement::settle() {
  for (const Order& order : storage_.with_status(OrderStatus::cancelling, most_settled)) {
    const Step undone = co_await cancel_with_reason(order, order.reason, {});
    const bool away = !undone && undone.error().status == http::status::service_unavailable;
    if (away) co_return;  // The others would wait for it too.
  }
}

// The order as it would be: everything but its id is known, nothing is done yet.
asio::awaitable<Result<Order, Reply>> Placement::draft(OrderRequest wanted, http::fields headers) {
  Call read_user{"user", http::verb::get, path("/users/", wanted.user_id), {}, {}, headers};
  const Step user = co_await ask(std::move(read_user));
  if (!user) co_return user.error();

  std::optional<FieldError> error;
  Order order;
  order.key = make_key_();
  order.user_id = wanted.user_id;
  order.user_name = FieldReader(*user, error).text("name");
  if (error) co_return malformed_answer("user", *error);
  order.points = wanted.points;
  for (const WantedItem& wanted_item : wanted.items) {
    Call read_product{"product", http::verb::get, path("/products/", wanted_item.product_id), {},
                      {},        headers};
    const Step product = co_await ask(std::move(read_product));
    if (!product) co_return product.error();
    const auto item = price_item(wanted_item, *product, *user);
    if (!item) co_return item.error();
    order.items.push_back(*item);
  }
  if (order.points > order.total().minor) {
    co_return refusal({"usePoint", "field 'usePoint' must not be more than the total"});
  }
  co_return order;
}

asio::awaitable<Placement::Step> Placement::ask(Call call) {
  const std::string service = call.service;
  const auto answer = co_await client_.call(std::move(call));
  if (!answer) co_return unavailable(answer.error());
  switch (answer->status) {
    case http::status::ok:
    case http::status::created:
      co_return answer->body;
    case http::status::not_found:
    case http::status::conflict:
      co_return Reply{answer->status, answer->body};
    default:
      co_return unavailable({service, "answered " + std::to_string(int(answer->status))});
  }
}

asio::awaitable<Placement::Step> Placement::take_stock(const Order& order, http::fields headers) {
  json::array items;
  for (const OrderItem& item : order.items) {
    items.push_back(json::object{{"productId", item.product_id}, {"quantity", item.quantity}});
  }
  json::object body{{"items", std::move(items)}};
  Call call{"product",       http::verb::post, "/stock/decrease",
            std::move(body), stock_key(order), std::move(headers)};
  co_return co_await ask(std::move(call));
}

asio::awaitable<Placement::Step> Placement::take_points(const Order& order, http::fields headers) {
  if (!pays_with_points(order)) co_return json::object();
  json::array coupons;
  for (const std::int64_t coupon : coupons_of(order)) coupons.push_back(coupon);
  json::object body{{"amount", -order.points},
                    {"coupons", std::move(coupons)},
                    {"reason", "order " + std::to_string(order.id)}};
  Call call{"user",          http::verb::post,  path("/users/", order.user_id) + "/points",
            std::move(body), points_key(order), std::move(headers)};
  co_return co_await ask(std::move(call));
}

// All steps of a stored order. Where one fails, the order is CANCELLED or CANCELLING afterwards.
asio::awaitable<Placement::Step> Placement::run_steps(const Order& order, http::fields headers) {
  Step stock = co_await take_stock(order, headers);
  if (!stock && stock.error().status != http::status::service_unavailable) {
    storage_.set_status(order.id, OrderStatus::cancelled, message_of(stock.error()));
    co_return stock;  // Refused: nothing was taken.
  }
  Step last = std::move(stock);
  if (last) last = co_await take_points(order, headers);
  if (!last) {
    // What undoing says is for `settle`; the client is told what went wrong first.
    (void)co_await cancel_with_reason(order, message_of(last.error()), headers);
  }
  co_return last;
}

asio::awaitable<Placement::Step> Placement::undo(const Order& order, http::fields headers) {
  if (pays_with_points(order)) {
    json::object body{{"reverses", points_key(order)}};
    Call call{"user",
              http::verb::post,
              path("/users/", order.user_id) + "/points",
              std::move(body),
              points_key(order) + "-undo",
              headers};
    Step points = co_await ask(std::move(call));
    if (!points) co_return points;
  }
  json::object body{{"reverses", stock_key(order)}};
  Call call{"product",       http::verb::post,           "/stock/increase",
            std::move(body), stock_key(order) + "-undo", headers};
  co_return co_await ask(std::move(call));
}

asio::awaitable<Placement::Step> Placement::cancel_with_reason(Order order, std::string reason,
                                                               http::fields headers) {
  storage_.set_status(order.id, OrderStatus::cancelling, reason);
  Step undone = co_await undo(order, std::move(headers));
  if (undone) storage_.set_status(order.id, OrderStatus::cancelled, reason);
  co_return undone;
}

}  // namespace skiff::shop
