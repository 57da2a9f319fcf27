#include "sample-services/common/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <list>

namespace skiff::shop {

namespace {

namespace beast = boost::beast;
using asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;
using Message = http::response<http::string_body>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

struct Session {
  explicit Session(tcp::socket socket) : stream(std::move(socket)) {}

  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  bool idle = true;  // No byte of a request has been taken: may be closed at any time.
};

Request to_request(Parser::value_type message) {
  Request request;
  request.method = message.method();
  const std::string_view target = message.target();
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  request.body = std::move(message.body());
  request.headers = std::move(message.base());
  return request;
}

Reply reply_to_unreadable(const beast::error_code& error) {
  if (error == http::error::body_limit) {
    return error_reply(http::status::payload_too_large, "Body is too large");
  }
  if (error == http::error::header_limit) {
    return error_reply(http::status::request_header_fields_too_large, "Headers are too large");
  }
  return error_reply(http::status::bad_request, "Request is malformed: " + error.message());
}

Message to_message(const Reply& reply, bool keep_alive, http::verb method) {
  Message message(reply.status, 11);
  message.set(http::field::content_type, "application/json");
  message.body() = to_text(reply.body);
  message.keep_alive(keep_alive);
  message.prepare_payload();
  if (method == http::verb::head) message.body().clear();  // Content-Length stays.
  return message;
}

class BeastServer final : public Server {
 public:
  BeastServer(asio::io_context& io, const Router& router, const ServerConfig& config)
      : router_(router), config_(config), acceptor_(io, endpoint_of(config)) {
    asio::co_spawn(io, accept(), asio::detached);
  }

  std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }

  void stop() override {
    stopping_ = true;
    acceptor_.close();
    for (Session& session : sessions_) {
      if (session.idle) session.stream.close();
    }
  }

 private:
  static tcp::endpoint endpoint_of(const ServerConfig& config) {
    return {asio::ip::make_address(config.address), config.port};
  }

  asio::awaitable<void> accept() {
    while (!stopping_) {
      auto [error, socket] = co_await acceptor_.async_accept(as_result);
      if (error == asio::error::operation_aborted) co_return;
      if (error) {  // The client left, or descriptors ran out for the moment.
        asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(10));
        co_await pause.async_wait(as_result);
        continue;
      }
      socket.set_option(tcp::no_delay(true), error);
      sessions_.emplace_back(std::move(socket));
      asio::co_spawn(acceptor_.get_executor(), run(std::prev(sessions_.end())), asio::detached);
    }
  }

  asio::awaitable<void> run(std::list<Session>::iterator session) {
    while (co_await exchange(*session)) {
    }
    beast::error_code ignored;
    session->stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    sessions_.erase(session);
  }

  // One request and its answer. False: the connection is over.
  asio::awaitable<bool> exchange(Session& session) {
    Parser parser;
    parser.header_limit(config_.header_bytes);
    parser.body_limit(config_.body_bytes);
    session.stream.expires_after(config_.idle);
    const beast::error_code error = co_await read(session, parser);
    if (is_gone(error)) co_return false;

    const http::verb method = parser.get().method();
    bool keep_alive = !error && parser.get().keep_alive();
    Reply reply;
    if (error) {
      reply = reply_to_unreadable(error);
    } else {
      Request request = to_request(parser.release());
      reply = co_await router_.answer(std::move(request));
    }
    keep_alive = keep_alive && !stopping_;
    const Message message = to_message(reply, keep_alive, method);
    session.stream.expires_after(config_.idle);
    const auto [failed, size] = co_await http::async_write(session.stream, message, as_result);
    session.idle = true;
    co_return keep_alive && !failed && !stopping_;
  }

  asio::awaitable<beast::error_code> read(Session& session, Parser& parser) {
    auto [error, size] =
        co_await http::async_read_header(session.stream, session.buffer, parser, as_result);
    session.idle = false;
    if (error) co_return error;
    if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
      const http::response<http::empty_body> go_on(http::status::continue_, 11);
      co_await http::async_write(session.stream, go_on, as_result);
    }
    std::tie(error, size) =
        co_await http::async_read(session.stream, session.buffer, parser, as_result);
    co_return error;
  }

  // Whether there is nobody left to answer.
  static bool is_gone(const beast::error_code& error) {
    if (!error) return false;
    return error == http::error::end_of_stream || error == http::error::partial_message ||
           error == beast::error::timeout || error.category() == asio::error::get_system_category();
  }

  const Router& router_;
  const ServerConfig config_;
  tcp::acceptor acceptor_;
  std::list<Session> sessions_;
  bool stopping_ = false;
};

}  // namespace

std::unique_ptr<Server> serve(asio::io_context& io, const Router& router,
                              const ServerConfig& config) {
  return std::make_unique<BeastServer>(io, router, config);
}

}  // namespace skiff::shop
