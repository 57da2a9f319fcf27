#include "base/admin_server.h"

#include <gmock/gmock.h>

#include <boost/asio.hpp>

#include "base/log.h"

namespace skiff {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view get_ready = "GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n";

// A server and its client on one io_context: whatever one waits for, the other does meanwhile.
class AdminServerTest : public testing::Test {
 protected:
  AdminServerTest() {
    log::set_level(log::Level::error);
    table_.add_page("/ready", "", [](const AdminRequest&) { return admin_text("ready\n"); });
    table_.add_change("/echo", "", [](const AdminRequest& request) {
      return admin_text(std::string(request.query) + "|" + std::string(request.body));
    });
  }
  ~AdminServerTest() override { log::set_level(log::Level::info); }

  void start(AdminServerSettings settings = {}) {
    auto made = make_admin_server(io_, settings, table_);
    ASSERT_TRUE(made) << made.error();
    server_ = std::move(*made);
  }

  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  // What comes back until the server closes.
  std::string exchange(tcp::socket& socket, std::string_view bytes) {
    boost::asio::write(socket, boost::asio::buffer(bytes));
    std::string all;
    error_code end;
    boost::asio::async_read(socket, boost::asio::dynamic_buffer(all),
                            [&](error_code error, std::size_t) { end = error; });
    while (!end && io_.run_one() > 0) {
    }
    return all;
  }
  std::string exchange(std::string_view bytes) {
    tcp::socket socket = connect();
    return exchange(socket, bytes);
  }

  boost::asio::io_context io_;
  AdminTable table_;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminServerTest, AnswersAPage) {
  start();
  const std::string answer =
      exchange("GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nready\n"));
}

TEST_F(AdminServerTest, LeavesTheBodyOutForHead) {
  start();
  const std::string answer =
      exchange("HEAD /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(AdminServerTest, KeepsAConnectionForTheNextRequest) {
  start();
  const std::string requests = std::string(get_ready) +
                               "POST /echo?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                               "3\r\nConnection: close\r\n\r\nxyz";
  const std::string answer = exchange(requests);
  EXPECT_THAT(answer, HasSubstr("ready\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("a=b|xyz"));
}

TEST_F(AdminServerTest, SaysWhichMethodIsAllowed) {
  start();
  const std::string answer =
      exchange("GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer, HasSubstr("Allow: POST\r\n"));
}

TEST_F(AdminServerTest, PassesOriginAndHostToTheTable) {
  start();
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                       "Content-Length: 0\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n"
                       "Content-Length: 0\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(exchange("GET /ready HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 403 "));
}

TEST_F(AdminServerTest, RefusesAHeadABodyAndALanguageBeyondItsLimits) {
  start({.header_bytes = Bytes{200}, .body_bytes = Bytes{10}});
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(exchange("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(exchange("EHLO there\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(AdminServerTest, ClosesConnectionsBeyondItsLimit) {
  start({.connections = 1});
  tcp::socket first = connect();
  boost::asio::write(first, boost::asio::buffer(get_ready));
  while (first.available() == 0) io_.run_one();
  EXPECT_EQ(exchange(""), "");
}

TEST_F(AdminServerTest, ClosesAConnectionThatSaysNothing) {
  start({.request_timeout = Milliseconds(5)});
  EXPECT_EQ(exchange("GET /ready HTT"), "");
}

TEST_F(AdminServerTest, LetsGoOfItsConnectionsWhenItEnds) {
  start();
  tcp::socket socket = connect();
  boost::asio::write(socket, boost::asio::buffer(get_ready));
  while (socket.available() == 0) io_.run_one();
  server_.reset();
  EXPECT_THAT(exchange(socket, ""), EndsWith("ready\n"));
  io_.run();  // Ends: nothing is left to do.
}

TEST_F(AdminServerTest, SaysWhyItCannotListen) {
  start();
  const auto again = make_admin_server(io_, {.port = server_->port()}, table_);
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error(), HasSubstr("Address already in use"));
  const auto elsewhere = make_admin_server(io_, {.address = "nowhere"}, table_);
  ASSERT_FALSE(elsewhere);
  EXPECT_THAT(elsewhere.error(), StartsWith("admin on nowhere:0: "));
}

}  // namespace
}  // namespace skiff
