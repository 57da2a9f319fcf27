#include "sample-services/product/storage.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "sample-services/common/database.h"
#include "sample-services/common/json.h"

namespace skiff::shop {

namespace {

using Kind = StockFailure::Kind;

constexpr const char* schema = R"(
  CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    price INTEGER NOT NULL CHECK (price >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0),
    sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0));
  CREATE INDEX IF NOT EXISTS products_by_sold ON products (sold DESC, id);)";

// A change as the operation log keeps it, and back.
std::string to_log(const StockChange& change) {
  json::array items;
  for (const StockItem& item : change.items) {
    items.push_back(json::array{item.product_id, item.quantity});
  }
  return json::serialize(
      json::object{{"sell", change.kind == StockChange::Kind::sell}, {"items", std::move(items)}});
}

StockChange from_log(const std::string& text) {
  const json::value content = json::parse(text);
  StockChange change;
  change.kind = content.at("sell").as_bool() ? StockChange::Kind::sell : StockChange::Kind::restock;
  for (const json::value& item : content.at("items").as_array()) {
    change.items.push_back({item.at(0).as_int64(), item.at(1).as_int64()});
  }
  return change;
}

class SqliteProductStorage final : public ProductStorage {
 public:
  explicit SqliteProductStorage(const std::string& file)
      : database_(open_database(file, std::string(schema) + OperationLog::schema())),
        operations_(database_) {}

  std::vector<Product> list(std::int64_t most) override {
    return read(prepare(
        database_, "SELECT id, name, price, stock, sold FROM products ORDER BY id LIMIT ?", most));
  }

  std::vector<Product> ranking(std::int64_t most) override {
    return read(prepare(database_,
                        "SELECT id, name, price, stock, sold FROM products "
                        "ORDER BY sold DESC, id LIMIT ?",
                        most));
  }

  std::optional<Product> find(std::int64_t id) override {
    auto found = read(
        prepare(database_, "SELECT id, name, price, stock, sold FROM products WHERE id = ?", id));
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  Product add(const std::string& name, Money price, std::int64_t stock) override {
    execute(database_, "INSERT INTO products (name, price, stock) VALUES (?, ?, ?)", name,
            price.minor, stock);
    return {database_.getLastInsertRowid(), name, price, stock, 0};
  }

  Result<std::vector<Product>, StockFailure> change_stock(const StockChange& change) override {
    SQLite::Transaction transaction(database_);  // Rolls back unless committed.
    const auto failure = operations_.do_once<StockFailure>(change.key, to_log(change),
                                                           [&] { return apply(change); });
    if (failure) return *failure;
    auto products = named_by(change);
    transaction.commit();
    return products;
  }

  Result<std::vector<Product>, StockFailure> take_back(const std::string& key) override {
    SQLite::Transaction transaction(database_);
    StockChange change;
    if (const auto content = operations_.take_back(key)) {
      change = from_log(*content);
      if (const auto failure = undo(change)) return *failure;
    }
    auto products = named_by(change);
    transaction.commit();
    return products;
  }

 private:
  static std::vector<Product> read(SQLite::Statement row) {
    std::vector<Product> products;
    while (row.executeStep()) {
      products.push_back({row.getColumn(0).getInt64(), row.getColumn(1).getString(),
                          Money{row.getColumn(2).getInt64()}, row.getColumn(3).getInt64(),
                          row.getColumn(4).getInt64()});
    }
    return products;
  }

  std::vector<Product> named_by(const StockChange& change) {
    std::vector<Product> products;
    for (const StockItem& item : change.items) {
      if (auto product = find(item.product_id)) products.push_back(std::move(*product));
    }
    return products;
  }

  std::optional<StockFailure> apply(const StockChange& change) { return move_all(change, 1); }
  std::optional<StockFailure> undo(const StockChange& change) { return move_all(change, -1); }

  // `times` -1: backwards.
  std::optional<StockFailure> move_all(const StockChange& change, int times) {
    const bool sells = change.kind == StockChange::Kind::sell;
    for (const StockItem& item : change.items) {
      const std::int64_t quantity = times * item.quantity;
      const auto failure =
          move(item.product_id, sells ? -quantity : quantity, sells ? quantity : 0);
      if (failure) return failure;
    }
    return std::nullopt;
  }

  std::optional<StockFailure> move(std::int64_t product_id, std::int64_t stock, std::int64_t sold) {
    const auto product = find(product_id);
    if (!product) return StockFailure{Kind::unknown_product, product_id};
    if (product->stock + stock < 0) {
      return StockFailure{Kind::insufficient_stock, product_id, product->stock};
    }
    execute(database_, "UPDATE products SET stock = stock + ?, sold = sold + ? WHERE id = ?", stock,
            sold, product_id);
    return std::nullopt;
  }

  SQLite::Database database_;
  OperationLog operations_;
};

}  // namespace

std::unique_ptr<ProductStorage> open_product_storage(const std::string& file) {
  return std::make_unique<SqliteProductStorage>(file);
}

}  // namespace skiff::shop
