#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sample-services/common/money.h"

namespace skiff::shop {

struct OrderItem {
  std::int64_t product_id = 0;
  std::string product_name;
  Money price;  // Of one, when it was ordered.
  std::int64_t quantity = 0;
  std::int64_t coupon_id = 0;  // 0: none.
  Money discount;              // By the coupon, for the whole item.
};

//   pending -- all steps done --> completed -- deleted --> cancelling
//   pending -- refused, nothing to undo --> cancelled
//   pending -- a step failed, or the service was killed --> cancelling -- all undone --> cancelled
enum class OrderStatus { pending, completed, cancelling, cancelled };

const char* to_text(OrderStatus status);  // `PENDING` …

struct Order {
  std::int64_t id = 0;
  std::string key;          // Begins the Idempotency-Keys of its steps; unique over all restarts.
  std::string request_key;  // The Idempotency-Key that it was asked for with. May be empty.
  std::int64_t user_id = 0;
  std::string user_name;
  std::vector<OrderItem> items;
  std::int64_t points = 0;  // Paid with points, in minor units.
  OrderStatus status = OrderStatus::pending;
  std::string reason;  // Why it was cancelled.
  std::string created_at;

  Money total() const;            // All items less their discounts; points are a way to pay it.
  std::int64_t quantity() const;  // Of all items together.
};

// What the order service owns. What a request cannot cause (a full disk) is thrown. Used by one
// thread.
class OrderStorage {
 public:
  virtual ~OrderStorage() = default;

  virtual std::vector<Order> list(std::int64_t most) = 0;  // The latest first.
  virtual std::optional<Order> find(std::int64_t id) = 0;
  virtual std::optional<Order> find_by_request_key(const std::string& request_key) = 0;

  // Stores `order`; answers it with its `id` and `created_at`.
  virtual Order add(Order order) = 0;

  virtual void set_status(std::int64_t id, OrderStatus status, const std::string& reason) = 0;

  virtual std::vector<Order> with_status(OrderStatus status, std::int64_t most) = 0;
};

// SQLite; see open_database.
std::unique_ptr<OrderStorage> open_order_storage(const std::string& file);

}  // namespace skiff::shop
