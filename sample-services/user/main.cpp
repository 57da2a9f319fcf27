#include "sample-services/common/service.h"
#include "sample-services/user/handlers.h"

namespace skiff::shop {

namespace {

void seed(UserStorage& storage) {
  if (!storage.list(1).empty()) return;
  for (const char* name : {"Ada Lovelace", "Grace Hopper", "Alan Turing"}) {
    PointsChange welcome;
    welcome.user_id = storage.add(name, "").id;
    welcome.amount = 1'000;
    welcome.reason = "welcome";
    (void)storage.change_points(welcome);  // The user is new: nothing to refuse.
  }
  storage.add_coupon(1, Money{500});
}

class UserService final : public Service {
 public:
  UserService(Router& router, const ServiceOptions& options)
      : storage_(open_user_storage(options.database)) {
    seed(*storage_);
    add_user_handlers(router, *storage_);
  }

 private:
  const std::unique_ptr<UserStorage> storage_;
};

}  // namespace

}  // namespace skiff::shop

int main(int argc, char** argv) {
  using namespace skiff::shop;
  const auto start = [](asio::io_context&, Router& router, const ServiceOptions& options) {
    return std::make_unique<UserService>(router, options);
  };
  return run_service({"user", false, start}, argc, argv);
}
