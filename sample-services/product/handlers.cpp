#include "sample-services/product/handlers.h"

#include <boost/json/array.hpp>

namespace skiff::shop {

namespace {

constexpr Range quantity_range{1, 1'000'000};
constexpr Range stock_range{0, 1'000'000'000};
constexpr std::size_t most_items = 100;

json::object to_json(const Product& product) {
  return {{"id", product.id},
          {"name", product.name},
          {"price", to_decimal(product.price)},
          {"stock", product.stock},
          {"sold", product.sold}};
}

json::array to_json(const std::vector<Product>& products) {
  json::array array;
  for (const Product& product : products) array.push_back(to_json(product));
  return array;
}

Reply to_reply(const StockFailure& failure) {
  using Kind = StockFailure::Kind;
  switch (failure.kind) {
    case Kind::unknown_product: {
      json::object body = error_body("Product not found");
      body["productId"] = failure.product_id;
      return {http::status::not_found, std::move(body)};
    }
    case Kind::insufficient_stock: {
      json::object body = error_body("Insufficient stock");
      body["productId"] = failure.product_id;
      body["stock"] = failure.stock;
      return {http::status::conflict, std::move(body)};
    }
    case Kind::key_reused:
      return error_reply(http::status::conflict, "Idempotency-Key belongs to another request");
    case Kind::key_reversed:
      return error_reply(http::status::conflict, "Operation was taken back");
  }
  return error_reply(http::status::internal_server_error, "Internal error");
}

Reply list_products(ProductStorage& storage, const Request& request) {
  const std::int64_t most = query_integer(request.query, "limit", 100, {1, 1'000});
  return {http::status::ok, to_json(storage.list(most))};
}

Reply get_ranking(ProductStorage& storage, const Request& request) {
  const std::int64_t most = query_integer(request.query, "limit", 10, {1, 100});
  return {http::status::ok, to_json(storage.ranking(most))};
}

Reply get_product(ProductStorage& storage, const Request& request) {
  const auto product = storage.find(request.ids[0]);
  if (!product) return error_reply(http::status::not_found, "Product not found");
  return {http::status::ok, to_json(*product)};
}

Reply create_product(ProductStorage& storage, const Request& request) {
  const auto wanted = read_body(request.body, [](FieldReader& body) {
    return Product{0, body.text("name"), body.money("price"), body.integer("stock", stock_range),
                   0};
  });
  if (!wanted) return wanted.error();
  const Product product = storage.add(wanted->name, wanted->price, wanted->stock);
  return {http::status::created, to_json(product)};
}

std::vector<StockItem> read_items(FieldReader& body) {
  std::vector<StockItem> items;
  for (FieldReader& item : body.objects("items", most_items)) {
    items.push_back({item.integer("productId"), item.integer("quantity", quantity_range)});
  }
  return items;
}

Reply to_reply(const Result<std::vector<Product>, StockFailure>& changed) {
  if (!changed) return to_reply(changed.error());
  return {http::status::ok, json::object{{"items", to_json(*changed)}}};
}

Reply change_stock(ProductStorage& storage, StockChange::Kind kind, const Request& request) {
  const auto items = read_body(request.body, read_items);
  if (!items) return items.error();
  return to_reply(storage.change_stock({kind, *items, request.idempotency_key()}));
}

Reply decrease_stock(ProductStorage& storage, const Request& request) {
  return change_stock(storage, StockChange::Kind::sell, request);
}

// `{"items": […]}` restocks; `{"reverses": KEY}` undoes what was done under KEY.
Reply increase_stock(ProductStorage& storage, const Request& request) {
  const auto reverses = read_reverses(request.body);
  if (!reverses) return reverses.error();
  if (!reverses->empty()) return to_reply(storage.take_back(*reverses));
  return change_stock(storage, StockChange::Kind::restock, request);
}

}  // namespace

void add_product_handlers(Router& router, ProductStorage& storage) {
  const auto add = [&](http::verb method, const char* pattern, auto handler) {
    router.add(method, pattern,
               [&storage, handler](const Request& request) { return handler(storage, request); });
  };
  add(http::verb::get, "/products", list_products);
  add(http::verb::post, "/products", create_product);
  add(http::verb::get, "/products/ranking", get_ranking);
  add(http::verb::get, "/products/{id}", get_product);
  add(http::verb::post, "/stock/decrease", decrease_stock);
  add(http::verb::post, "/stock/increase", increase_stock);
}

}  // namespace skiff::shop
