#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "sample-services/common/client.h"
#include "sample-services/order/order_request.h"
#include "sample-services/order/storage.h"

namespace skiff::shop {

// Places and cancels orders: the steps that other services take, and their undoing.
//
// Placing reads the user and the products, stores the order as PENDING, takes the stock, takes the
// points and coupons, and ends it COMPLETED. Each step has an Idempotency-Key made of the order's
// key, so that it can be repeated, and taken back without knowing whether it was done. A step that
// is refused undoes the steps before it; one whose fate is unknown is undone as well. An undoing
// that fails leaves the order CANCELLING, for `settle`.
//
// Used by one thread; `storage` and `client` outlive it.
class Placement final {
 public:
  using MakeKey = std::function<std::string()>;  // A new key that no other order ever had.

  Placement(OrderStorage& storage, ServiceClient& client, MakeKey make_key)
      : storage_(storage), client_(client), make_key_(std::move(make_key)) {}

  // The completed order, or the answer for the client: 404 and 409 as the other service said, 503
  // with the name of one that could not be reached. `request_key` may be empty; an order that was
  // completed with the same one is answered again.
  asio::awaitable<Result<Order, Reply>> place(OrderRequest wanted, std::string request_key,
                                              http::fields headers);

  // The cancelled order. Cancelling twice is cancelling once. 404; 409 while it is being placed;
  // 503 where undoing has to wait for a service.
  asio::awaitable<Result<Order, Reply>> cancel(std::int64_t id, http::fields headers);

  // To be called once at the start, before any order is placed: an order that is still PENDING was
  // cut off with its service, and is now CANCELLING.
  void adopt_cut_off();

  // Tries again to undo what CANCELLING orders have done.
  asio::awaitable<void> settle();

 private:
  using Step = Result<json::object, Reply>;

  asio::awaitable<Result<Order, Reply>> draft(OrderRequest wanted, http::fields headers);
  asio::awaitable<Step> ask(Call call);
  asio::awaitable<Step> take_stock(const Order& order, http::fields headers);
  asio::awaitable<Step> take_points(const Order& order, http::fields headers);
  asio::awaitable<Step> run_steps(const Order& order, http::fields headers);
  asio::awaitable<Step> undo(const Order& order, http::fields headers);
  asio::awaitable<Step> cancel_with_reason(Order order, std::string reason, http::fields headers);

  OrderStorage& storage_;
  ServiceClient& client_;
  const MakeKey make_key_;
};

}  // namespace skiff::shop
