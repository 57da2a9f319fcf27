#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sample-services/common/money.h"

namespace skiff::shop {

struct Product {
  std::int64_t id = 0;
  std::string name;
  Money price;
  std::int64_t stock = 0;  // Never below zero.
  std::int64_t sold = 0;   // Taken from stock and not put back. Never below zero.
};

struct StockItem {
  std::int64_t product_id = 0;
  std::int64_t quantity = 0;
};

// A batch that happens whole or not at all.
struct StockChange {
  enum class Kind {
    sell,    // Takes from stock.
    restock  // Adds to stock.
  };
  Kind kind = Kind::sell;
  std::vector<StockItem> items;
  std::string key;  // The same key changes nothing twice. Empty: no key.
};

// Why stock was not changed.
struct StockFailure {
  enum class Kind { unknown_product, insufficient_stock, key_reused, key_reversed };
  Kind kind = Kind::unknown_product;
  std::int64_t product_id = 0;  // For the first two.
  std::int64_t stock = 0;       // What there is of it.
};

// What the product service owns. Every change is one transaction. What a request cannot cause (a
// full disk) is thrown. Used by one thread.
class ProductStorage {
 public:
  virtual ~ProductStorage() = default;

  virtual std::vector<Product> list(std::int64_t most) = 0;     // By id.
  virtual std::vector<Product> ranking(std::int64_t most) = 0;  // Most sold first.
  virtual std::optional<Product> find(std::int64_t id) = 0;
  virtual Product add(const std::string& name, Money price, std::int64_t stock) = 0;

  // These answer the products that were named, as they are afterwards.
  virtual Result<std::vector<Product>, StockFailure> change_stock(const StockChange& change) = 0;

  // Undoes the change that was made with `key`. Where it has not come yet, it never will: it is
  // refused as `key_reversed`. Doing so twice is doing it once.
  virtual Result<std::vector<Product>, StockFailure> take_back(const std::string& key) = 0;
};

// SQLite; see open_database.
std::unique_ptr<ProductStorage> open_product_storage(const std::string& file);

}  // namespace skiff::shop
