#include "sample-services/common/service.h"
#include "sample-services/product/handlers.h"

namespace skiff::shop {

namespace {

void seed(ProductStorage& storage) {
  if (!storage.list(1).empty()) return;
  storage.add("Keyboard", Money{4'990}, 100);
  storage.add("Mouse", Money{1'999}, 200);
  storage.add("Monitor", Money{24'900}, 5);
}

}  // namespace

}  // namespace skiff::shop

int main(int argc, char** argv) {
  using namespace skiff::shop;
  std::unique_ptr<ProductStorage> storage;
  const auto setup = [&](asio::io_context&, Router& router, const ServiceOptions& options) {
    storage = open_product_storage(options.database);
    seed(*storage);
    add_product_handlers(router, *storage);
    return [] {};
  };
  return run_service({"product", false, setup}, argc, argv);
}
