#include "cli/admin_client.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <thread>

namespace skiff {
namespace {

using boost::asio::ip::tcp;

// Answers one connection with `text` and closes it.
class OneAnswer final {
 public:
  explicit OneAnswer(std::string text)
      : thread_([this, text = std::move(text)] {
          tcp::socket socket = acceptor_.accept();
          boost::asio::streambuf head;
          boost::asio::read_until(socket, head, "\r\n\r\n");
          boost::asio::write(socket, boost::asio::buffer(text));
        }) {}
  ~OneAnswer() { thread_.join(); }
  OneAnswer(const OneAnswer&) = delete;
  OneAnswer& operator=(const OneAnswer&) = delete;

  std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

 private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

TEST(AdminClient, GivesStatusAndBody) {
  const OneAnswer server("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
  const auto reply = ask_admin(server.address(), "GET", "/x");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 404u);
  EXPECT_EQ(reply->body, "no");
}

TEST(AdminClient, SaysWhoDoesNotSpeakHttp) {
  const OneAnswer server("220 mail.example ESMTP\r\n\r\n");
  const auto reply = ask_admin(server.address(), "GET", "/x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), server.address() + ": does not answer as a sidecar does");
}

TEST(AdminClient, SaysThatNobodyIsThere) {
  std::string address;
  {
    boost::asio::io_context io;
    const tcp::acceptor closed(io, {boost::asio::ip::address_v4::loopback(), 0});
    address = "127.0.0.1:" + std::to_string(closed.local_endpoint().port());
  }
  const auto reply = ask_admin(address, "GET", "/x");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error(), address + ": Connection refused");
}

TEST(AdminClient, NeedsAddressAndPort) {
  for (const char* address : {"localhost", ":80", ""}) {
    EXPECT_FALSE(ask_admin(address, "GET", "/x")) << address;
  }
}

TEST(AdminClient, EncodesWhatAQueryWouldTakeForItsOwn) {
  EXPECT_EQ(encoded("a-b_c.d~9"), "a-b_c.d~9");
  EXPECT_EQ(encoded("a b&c=%\xff"), "a%20b%26c%3D%25%FF");
}

}  // namespace
}  // namespace skiff
