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

// All that the running service holds.
struct OrderService {
  OrderService(asio::io_context& io, const ServiceOptions& options)
      : storage(open_order_storage(options.database)),
        client(make_mesh_client(io, {*parse_mesh_address(options.mesh)})),
        placement(*storage, *client, [] { return to_string(boost::uuids::random_generator()()); }),
        timer(io) {}

  std::unique_ptr<OrderStorage> storage;
  std::unique_ptr<ServiceClient> client;
  Placement placement;
  asio::steady_timer timer;
  bool stopping = false;
};

asio::awaitable<void> settle_until_stopped(OrderService& service) {
  while (!service.stopping) {
    service.timer.expires_after(settle_every);
    co_await service.timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!service.stopping) co_await service.placement.settle();
  }
}

}  // namespace

}  // namespace skiff::shop

int main(int argc, char** argv) {
  using namespace skiff::shop;
  std::unique_ptr<OrderService> service;
  const auto setup = [&](asio::io_context& io, Router& router, const ServiceOptions& options) {
    service = std::make_unique<OrderService>(io, options);
    service->placement.adopt_cut_off();
    add_order_handlers(router, *service->storage, service->placement);
    asio::co_spawn(io, settle_until_stopped(*service), asio::detached);
    return [&service] {
      service->stopping = true;
      service->timer.cancel();
    };
  };
  return run_service({"order", true, setup}, argc, argv);
}
