#include "sample-services/common/client.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <charconv>

namespace skiff::shop {

namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using Message = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t most_kept = 64;

Message to_message(const Call& call) {
  Message message(call.method, call.target, 11);
  for (const auto& header : call.headers) message.set(header.name_string(), header.value());
  message.set(http::field::host, call.service);
  message.set(http::field::user_agent, "skiff-shop");
  if (!call.idempotency_key.empty()) message.set("Idempotency-Key", call.idempotency_key);
  if (call.body) {
    message.set(http::field::content_type, "application/json");
    message.body() = to_text(*call.body);
  }
  message.prepare_payload();
  return message;
}

// Of an answer that is not the service's own, or is a failure: why it does not count.
std::string failure_of(const Parser::value_type& message) {
  const std::string_view reason = message["x-skiff-reason"];
  if (!reason.empty()) return std::string(reason);
  if (message.result_int() >= 500) return "answered " + std::to_string(message.result_int());
  return {};
}

Result<Answer, Unavailable> to_answer(const std::string& service, Parser::value_type message) {
  if (std::string reason = failure_of(message); !reason.empty()) {
    return Unavailable{service, std::move(reason)};
  }
  auto body = parse_object(message.body());
  if (!body) return Unavailable{service, "answered without JSON"};
  return Answer{message.result(), std::move(*body)};
}

struct Connection {
  explicit Connection(asio::io_context& io) : stream(io) {}

  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  bool used = false;
};

class MeshClient final : public ServiceClient {
 public:
  MeshClient(asio::io_context& io, const MeshAddress& mesh) : io_(io), mesh_(mesh) {}

  asio::awaitable<Result<Answer, Unavailable>> call(Call call) override {
    const Message message = to_message(call);
    const auto deadline = std::chrono::steady_clock::now() + mesh_.timeout;
    while (true) {
      std::unique_ptr<Connection> connection = take();
      connection->stream.expires_at(deadline);
      Parser parser;
      const beast::error_code error = co_await exchange(*connection, message, parser);
      if (!error) {
        if (parser.get().keep_alive()) keep(std::move(connection));
        co_return to_answer(call.service, parser.release());
      }
      const bool again = connection->used && !parser.got_some() && is_repeatable(call);
      if (!again) co_return Unavailable{call.service, error.message()};
      idle_.clear();  // What else was kept is as old.
    }
  }

 private:
  static bool is_repeatable(const Call& call) {
    return call.method == http::verb::get || !call.idempotency_key.empty();
  }

  std::unique_ptr<Connection> take() {
    if (idle_.empty()) return std::make_unique<Connection>(io_);
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  void keep(std::unique_ptr<Connection> connection) {
    connection->used = true;
    connection->stream.expires_never();
    if (idle_.size() < most_kept) idle_.push_back(std::move(connection));
  }

  asio::awaitable<beast::error_code> exchange(Connection& connection, const Message& message,
                                              Parser& parser) {
    beast::tcp_stream& stream = connection.stream;
    if (!connection.used) {
      const auto [error] = co_await stream.async_connect(mesh_.endpoint, as_result);
      if (error) co_return error;
      beast::error_code ignored;
      stream.socket().set_option(tcp::no_delay(true), ignored);
    }
    const auto [unsent, sent] = co_await http::async_write(stream, message, as_result);
    if (unsent) co_return unsent;
    const auto [unread, taken] =
        co_await http::async_read(stream, connection.buffer, parser, as_result);
    co_return unread;
  }

  asio::io_context& io_;
  const MeshAddress mesh_;
  std::vector<std::unique_ptr<Connection>> idle_;  // The latest used is last.
};

}  // namespace

http::fields passed_on(const http::fields& incoming) {
  constexpr std::array names = {"x-request-id", "traceparent", "tracestate", "x-skiff-deadline-ms"};
  http::fields headers;
  for (const char* name : names) {
    if (const auto value = incoming[name]; !value.empty()) headers.set(name, value);
  }
  return headers;
}

Result<tcp::endpoint, std::string> parse_mesh_address(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  const std::string expected = "expected http://ADDRESS:PORT, such as http://127.0.0.1:15001";
  if (!url.starts_with(scheme)) return expected;
  url.remove_prefix(scheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos) return expected;

  std::uint16_t port = 0;
  const char* end = url.data() + url.size();
  const auto [stop, bad_port] = std::from_chars(url.data() + colon + 1, end, port);
  boost::system::error_code bad_address;
  const auto address = asio::ip::make_address(std::string(url.substr(0, colon)), bad_address);
  if (bad_address || bad_port != std::errc() || stop != end || port == 0) return expected;
  return tcp::endpoint(address, port);
}

std::unique_ptr<ServiceClient> make_mesh_client(asio::io_context& io, const MeshAddress& mesh) {
  return std::make_unique<MeshClient>(io, mesh);
}

}  // namespace skiff::shop
