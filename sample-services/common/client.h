#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "sample-services/common/http.h"

namespace skiff::shop {

namespace asio = boost::asio;

// One call to another service.
struct Call {
  std::string service;  // Its name in the mesh: `user`.
  http::verb method = http::verb::get;
  std::string target;                // `/users/1`
  std::optional<json::object> body;  // None: no body.
  std::string idempotency_key;       // Empty: none.
  http::fields headers;              // Sent along; see `passed_on`.
};

// What the other service itself answered; never an answer that the mesh made in its place.
struct Answer {
  http::status status = http::status::ok;
  json::object body;
};

// The other service could not be reached, failed (5xx) or was refused by the mesh. Whether it has
// acted is unknown.
struct Unavailable {
  std::string service;
  std::string reason;
};

// Calls other services. Lives on the one thread that runs its io_context.
class ServiceClient {
 public:
  virtual ~ServiceClient() = default;
  virtual asio::awaitable<Result<Answer, Unavailable>> call(Call call) = 0;
};

// The headers of `incoming` that belong on every call made to answer it: ids, traces, deadline.
http::fields passed_on(const http::fields& incoming);

// Where a sidecar listens for its application.
struct MeshAddress {
  asio::ip::tcp::endpoint endpoint;
  std::chrono::milliseconds timeout{5'000};  // Of one whole call.
};

// Reads `http://127.0.0.1:PORT`; what is wrong with it otherwise.
Result<asio::ip::tcp::endpoint, std::string> parse_mesh_address(std::string_view url);

// Sends every call to the sidecar at `mesh`, naming the service by `Host`. Keeps connections; a
// call on a kept one that was closed before a byte of its answer is sent once more where it may be
// repeated (it changes nothing, or has an Idempotency-Key). `io` outlives the client.
std::unique_ptr<ServiceClient> make_mesh_client(asio::io_context& io, const MeshAddress& mesh);

}  // namespace skiff::shop
