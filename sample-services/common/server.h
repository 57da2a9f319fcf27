#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "sample-services/common/router.h"

namespace skiff::shop {

struct ServerConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                  // 0: the kernel chooses.
  std::uint32_t header_bytes = 64 * 1024;  // More: 431.
  std::uint64_t body_bytes = 1024 * 1024;  // More: 413.
  std::chrono::seconds idle{60};           // Between requests, and for one to arrive whole.
};

// An HTTP/1.1 server with keep-alive. It lives on the one thread that runs its io_context.
class Server {
 public:
  virtual ~Server() = default;

  virtual std::uint16_t port() const = 0;

  // Accepts no more, closes what is idle, and lets each request under way be answered.
  virtual void stop() = 0;
};

// Listens at once; throws boost::system::system_error where the port cannot be had. `io` and
// `router` outlive the server.
std::unique_ptr<Server> serve(asio::io_context& io, const Router& router,
                              const ServerConfig& config);

}  // namespace skiff::shop
