#include "base/admin_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <set>

#include "base/log.h"

namespace skiff {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using HttpRequest = http::request<http::string_body>;
using HttpResponse = http::response<http::string_body>;

// What the server and its connections share; the last of them ends it.
struct Shared {
  Shared(asio::io_context& io, const AdminServerSettings& with, const AdminTable& answers)
      : settings(with), table(answers), acceptor(io) {}

  const AdminServerSettings settings;
  const AdminTable& table;  // Not to be used once is_stopped.
  tcp::acceptor acceptor;
  std::set<beast::tcp_stream*> connections;
  bool is_stopped = false;
};
using SharedRef = std::shared_ptr<Shared>;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

AdminAnswer answer(const AdminTable& table, const HttpRequest& request, bool from_loopback) {
  const std::string_view target = view(request.target());
  const std::size_t question = target.find('?');
  const bool has_query = question != std::string_view::npos;
  return table.answer({.method = view(request.method_string()),
                       .path = target.substr(0, question),
                       .query = has_query ? target.substr(question + 1) : std::string_view(),
                       .content_type = view(request[http::field::content_type]),
                       .body = request.body(),
                       .host = view(request[http::field::host]),
                       .origin = view(request[http::field::origin]),
                       .fetch_site = view(request["Sec-Fetch-Site"]),
                       .from_loopback = from_loopback});
}

HttpResponse response_of(AdminAnswer answer, unsigned version, bool keep_alive, bool is_head) {
  HttpResponse response;
  response.result(answer.status);
  response.version(version);
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  response.keep_alive(keep_alive);
  response.content_length(answer.body.size());
  if (!is_head) response.body() = std::move(answer.body);
  return response;
}

// The answer to what could not be read, or 0 where nobody waits for one.
unsigned status_of(const error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  const bool is_parse_error =
      error.category() == make_error_code(http::error::bad_method).category();
  return is_parse_error && error != http::error::end_of_stream &&
                 error != http::error::partial_message
             ? 400
             : 0;
}

class Connection final {
 public:
  Connection(tcp::socket socket, SharedRef shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {
    shared_->connections.insert(&stream_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { shared_->connections.erase(&stream_); }

  asio::awaitable<void> run() {
    error_code error;
    const auto peer = stream_.socket().remote_endpoint(error);
    const bool from_loopback = !error && is_loopback(peer.address());
    bool goes_on = !error;
    while (goes_on) goes_on = co_await serve_one(from_loopback);
    stream_.socket().shutdown(tcp::socket::shutdown_both, error);
  }

 private:
  static bool is_loopback(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    }
    return address.is_loopback();
  }

  // False: the connection is over.
  asio::awaitable<bool> serve_one(bool from_loopback) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(shared_->settings.header_bytes.count));
    parser.body_limit(shared_->settings.body_bytes.count);
    stream_.expires_after(shared_->settings.request_timeout);
    error_code error;
    co_await http::async_read(stream_, buffer_, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    if (shared_->is_stopped) co_return false;
    if (error) {
      if (const unsigned status = status_of(error); status != 0) {
        co_await write(response_of(admin_text("malformed request\n", status), 11, false, false));
      }
      co_return false;
    }
    const HttpRequest& request = parser.get();
    const bool keep_alive = request.keep_alive();
    co_return co_await write(response_of(answer(shared_->table, request, from_loopback),
                                         request.version(), keep_alive,
                                         request.method() == http::verb::head)) &&
        keep_alive && !shared_->is_stopped;
  }

  asio::awaitable<bool> write(HttpResponse response) {
    stream_.expires_after(shared_->settings.request_timeout);
    http::response_serializer<http::string_body> serializer(response);
    error_code error;
    co_await http::async_write(stream_, serializer,
                               asio::redirect_error(asio::use_awaitable, error));
    co_return !error;
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  const SharedRef shared_;
};

asio::awaitable<void> serve(tcp::socket socket, SharedRef shared) {
  Connection connection(std::move(socket), std::move(shared));
  co_await connection.run();
}

asio::awaitable<void> accept_all(SharedRef shared) {
  asio::steady_timer pause(shared->acceptor.get_executor());
  while (!shared->is_stopped) {
    error_code error;
    tcp::socket socket =
        co_await shared->acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (shared->is_stopped) co_return;
    if (error) {  // Such as no descriptor left: the pending connection would be tried at once.
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    } else if (shared->connections.size() < shared->settings.connections) {
      asio::co_spawn(socket.get_executor(), serve(std::move(socket), shared), asio::detached);
    }
  }
}

class BeastAdminServer final : public AdminServer {
 public:
  explicit BeastAdminServer(SharedRef shared) : shared_(std::move(shared)) {
    asio::co_spawn(shared_->acceptor.get_executor(), accept_all(shared_), asio::detached);
  }
  BeastAdminServer(const BeastAdminServer&) = delete;
  BeastAdminServer& operator=(const BeastAdminServer&) = delete;
  ~BeastAdminServer() override {
    shared_->is_stopped = true;
    error_code ignored;
    shared_->acceptor.close(ignored);
    for (beast::tcp_stream* connection : shared_->connections) connection->close();
  }

  std::uint16_t port() const override { return shared_->acceptor.local_endpoint().port(); }

 private:
  const SharedRef shared_;
};

error_code listen(tcp::acceptor& acceptor, const AdminServerSettings& settings) {
  error_code error;
  const auto address = asio::ip::make_address(settings.address, error);
  if (error) return error;
  const tcp::endpoint endpoint(address, settings.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(static_cast<int>(settings.connections), error);
  return error;
}

}  // namespace

Result<std::unique_ptr<AdminServer>, std::string> make_admin_server(
    asio::io_context& io, const AdminServerSettings& settings, const AdminTable& table) {
  auto shared = std::make_shared<Shared>(io, settings, table);
  if (const error_code error = listen(shared->acceptor, settings)) {
    return "admin on " + settings.address + ":" + std::to_string(settings.port) + ": " +
           error.message();
  }
  return std::unique_ptr<AdminServer>(new BeastAdminServer(std::move(shared)));
}

}  // namespace skiff
