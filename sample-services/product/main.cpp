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

class ProductService final : public Service {
 public:
  ProductService(Router& router, const ServiceOptions& options)
      : storage_(open_product_storage(options.database)) {
    seed(*storage_);
    add_product_handlers(router, *storage_);
  }

 private:
  const std::unique_ptr<ProductStorage> storage_;
};

}  // namespace

}  // namespace skiff::shop

int main(int argc, char** argv) {
  using namespace skiff::shop;
  const auto start = [](asio::io_context&, Router& router, const ServiceOptions& options) {
    return std::make_unique<ProductService>(router, options);
  };
  return run_service({"product", false, start}, argc, argv);
}
