#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/admin_table.h"
#include "base/result.h"
#include "base/units.h"

namespace skiff {

struct AdminServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                // 0: one that the kernel chooses.
  std::size_t connections = 64;          // More are closed at once.
  Bytes header_bytes{8 * 1024};          // 431.
  Bytes body_bytes{64 * 1024};           // 413.
  Milliseconds request_timeout{10'000};  // From one end of a request to the next; closes.
};

// Serves an AdminTable over HTTP/1.1 with keep-alive, on one io_context's thread, where its
// handlers run too. It stops when it is destroyed, in that thread or when the io_context has
// stopped.
class AdminServer {
 public:
  virtual ~AdminServer() = default;
  virtual std::uint16_t port() const = 0;
};

// `table` outlives the server. The error says why it cannot listen there.
Result<std::unique_ptr<AdminServer>, std::string> make_admin_server(
    boost::asio::io_context& io, const AdminServerSettings& settings, const AdminTable& table);

}  // namespace skiff
