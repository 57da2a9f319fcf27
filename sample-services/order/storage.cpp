#include "sample-services/order/storage.h"

#include "sample-services/common/database.h"

namespace skiff::shop {

namespace {

constexpr const char* schema = R"(
  CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    request_key TEXT UNIQUE,
    user_id INTEGER NOT NULL,
    user_name TEXT NOT NULL,
    points INTEGER NOT NULL CHECK (points >= 0),
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'COMPLETED', 'CANCELLING', 'CANCELLED')),
    reason TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')));
  CREATE INDEX IF NOT EXISTS orders_by_status ON orders (status);
  CREATE TABLE IF NOT EXISTS order_items (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    product_id INTEGER NOT NULL,
    product_name TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    coupon_id INTEGER NOT NULL,
    discount INTEGER NOT NULL CHECK (discount >= 0));
  CREATE INDEX IF NOT EXISTS order_items_by_order ON order_items (order_id);)";

// What `read` takes, followed by which rows.
std::string select(const char* which) {
  return std::string(
             "SELECT id, key, ifnull(request_key, ''), user_id, user_name, points, "
             "status, reason, created_at FROM orders ") +
         which;
}

OrderStatus status_from(const std::string& text) {
  for (const auto status :
       {OrderStatus::pending, OrderStatus::completed, OrderStatus::cancelling}) {
    if (text == to_text(status)) return status;
  }
  return OrderStatus::cancelled;
}

class SqliteOrderStorage final : public OrderStorage {
 public:
  explicit SqliteOrderStorage(const std::string& file) : database_(open_database(file, schema)) {}

  std::vector<Order> list(std::int64_t most) override {
    return read(prepare(database_, select("ORDER BY id DESC LIMIT ?"), most));
  }

  std::optional<Order> find(std::int64_t id) override {
    return first(prepare(database_, select("WHERE id = ?"), id));
  }

  std::optional<Order> find_by_request_key(const std::string& request_key) override {
    if (request_key.empty()) return std::nullopt;
    return first(prepare(database_, select("WHERE request_key = ?"), request_key));
  }

  Order add(Order order) override {
    SQLite::Transaction transaction(database_);
    execute(database_,
            "INSERT INTO orders (key, request_key, user_id, user_name, points, status, reason) "
            "VALUES (?, nullif(?, ''), ?, ?, ?, ?, ?)",
            order.key, order.request_key, order.user_id, order.user_name, order.points,
            to_text(order.status), order.reason);
    order.id = database_.getLastInsertRowid();
    for (const OrderItem& item : order.items) add_item(order.id, item);
    order.created_at = find(order.id)->created_at;
    transaction.commit();
    return order;
  }

  void set_status(std::int64_t id, OrderStatus status, const std::string& reason) override {
    execute(database_, "UPDATE orders SET status = ?, reason = ? WHERE id = ?", to_text(status),
            reason, id);
  }

  std::vector<Order> with_status(OrderStatus status, std::int64_t most) override {
    return read(
        prepare(database_, select("WHERE status = ? ORDER BY id LIMIT ?"), to_text(status), most));
  }

 private:
  std::vector<Order> read(SQLite::Statement row) {
    std::vector<Order> orders;
    while (row.executeStep()) {
      Order order;
      order.id = row.getColumn(0).getInt64();
      order.key = row.getColumn(1).getString();
      order.request_key = row.getColumn(2).getString();
      order.user_id = row.getColumn(3).getInt64();
      order.user_name = row.getColumn(4).getString();
      order.points = row.getColumn(5).getInt64();
      order.status = status_from(row.getColumn(6).getString());
      order.reason = row.getColumn(7).getString();
      order.created_at = row.getColumn(8).getString();
      order.items = items_of(order.id);
      orders.push_back(std::move(order));
    }
    return orders;
  }

  std::optional<Order> first(SQLite::Statement row) {
    std::vector<Order> orders = read(std::move(row));
    if (orders.empty()) return std::nullopt;
    return std::move(orders.front());
  }

  std::vector<OrderItem> items_of(std::int64_t order_id) {
    std::vector<OrderItem> items;
    auto row = prepare(database_,
                       "SELECT product_id, product_name, price, quantity, coupon_id, discount "
                       "FROM order_items WHERE order_id = ? ORDER BY rowid",
                       order_id);
    while (row.executeStep()) {
      items.push_back({row.getColumn(0).getInt64(), row.getColumn(1).getString(),
                       Money{row.getColumn(2).getInt64()}, row.getColumn(3).getInt64(),
                       row.getColumn(4).getInt64(), Money{row.getColumn(5).getInt64()}});
    }
    return items;
  }

  void add_item(std::int64_t order_id, const OrderItem& item) {
    execute(database_,
            "INSERT INTO order_items (order_id, product_id, product_name, price, quantity, "
            "coupon_id, discount) VALUES (?, ?, ?, ?, ?, ?, ?)",
            order_id, item.product_id, item.product_name, item.price.minor, item.quantity,
            item.coupon_id, item.discount.minor);
  }

  SQLite::Database database_;
};

}  // namespace

const char* to_text(OrderStatus status) {
  switch (status) {
    case OrderStatus::pending:
      return "PENDING";
    case OrderStatus::completed:
      return "COMPLETED";
    case OrderStatus::cancelling:
      return "CANCELLING";
    case OrderStatus::cancelled:
      return "CANCELLED";
  }
  return "";
}

Money Order::total() const {
  Money sum;
  for (const OrderItem& item : items) sum = sum + item.price * item.quantity - item.discount;
  return sum;
}

std::int64_t Order::quantity() const {
  std::int64_t sum = 0;
  for (const OrderItem& item : items) sum += item.quantity;
  return sum;
}

std::unique_ptr<OrderStorage> open_order_storage(const std::string& file) {
  return std::make_unique<SqliteOrderStorage>(file);
}

}  // namespace skiff::shop
