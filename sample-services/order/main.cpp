#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "sample-services/common/service.h"
#include "sample-services/order/handlers.h"

namespace skiff::shop {

namespace {

constexpr std::chrono::seconds settle_every{1};

class OrderService final : public Service {
 public:
  OrderService(asio::io_context& io, Router& router, const ServiceOptions& options)
      : storage_(open_order_storage(options.database)),
        client_(make_mesh_client(io, {*parse_mesh_address(options.mesh)})),
        placement_(*storage_, *client_,
                   [] { return to_string(boost::uuids::random_generator()()); }),
        timer_(io) {
    placement_.adopt_cut_off();
    add_order_handlers(router, *storage_, placement_);
    asio::co_spawn(io, settle_until_stopped(), asio::detached);
  }

  void stop() override {
    stopping_ = true;
    timer_.cancel();
  }

 private:
  asio::awaitable<void> settle_until_stopped() {
    while (!stopping_) {
      timer_.expires_after(settle_every);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
      if (!stopping_) co_await placement_.settle();
    }
  }

  const std::unique_ptr<OrderStorage> storage_;
  const std::unique_ptr<ServiceClient> client_;
  Placement placement_;
  asio::steady_timer timer_;
  bool stopping_ = false;
};

}  // namespace

}  // namespace skiff::shop

int main(int argc, char** argv) {
  using namespace skiff::shop;
  const auto start = [](asio::io_context& io, Router& router, const ServiceOptions& options) {
    return std::make_unique<OrderService>(io, router, options);
  };
  return run_service({"order", true, start}, argc, argv);
}
