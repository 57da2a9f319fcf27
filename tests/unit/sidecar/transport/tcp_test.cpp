#include "sidecar/transport/tcp.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "sidecar/transport/descriptors.h"

namespace skiff {
namespace {

TEST(SocketAddress, IsReadAsItIsWritten) {
  for (const char* text :
       {"127.0.0.1:80", "0.0.0.0:0", "[::1]:65535", "[fd00::7]:5432", "unix:/run/app.sock"}) {
    const auto address = parse_address(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address_text(*address), text);
  }
}

TEST(SocketAddress, KnowsHostAndPort) {
  EXPECT_EQ(host_text(*parse_address("[fd00::7]:5432")), "fd00::7");
  EXPECT_EQ(parse_address("[fd00::7]:5432")->port(), 5432);
  EXPECT_EQ(parse_address("10.0.0.7:80")->port(), 80);
  EXPECT_EQ(host_text(*parse_address("unix:/a")), "unix");
  EXPECT_EQ(parse_address("unix:/a")->port(), 0);
  EXPECT_TRUE(parse_address("unix:/a")->is_unix());
}

TEST(SocketAddress, IsNoneWithoutAllItsParts) {
  for (const char* text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:8x", "::1:80", "[::1]",
        "[]:80", "localhost:80", "unix:", "unix:run/a.sock"}) {
    EXPECT_FALSE(parse_address(text).has_value()) << text;
  }
}

TEST(SocketAddress, HasNoRoomForALongPath) {
  EXPECT_TRUE(parse_address("unix:/" + std::string(106, 'a')).has_value());
  EXPECT_FALSE(parse_address("unix:/" + std::string(107, 'a')).has_value());
}

TEST(TcpConnect, LeavesTheLastDescriptorsToOthers) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  Loop loop(1);
  const int next = ::dup(0);
  ASSERT_GE(next, 0);
  ::close(next);
  const rlimit few{static_cast<rlim_t>(next) + 8, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  descriptor_limit();
  EXPECT_EQ(begin_tcp_connect(loop, *parse_address("127.0.0.1:1")), nullptr);
  EXPECT_EQ(errno, EMFILE);
  ::setrlimit(RLIMIT_NOFILE, &before);
  descriptor_limit();
  EXPECT_EQ(::dup(0), next);  // It has closed what it opened.
  ::close(next);
}

}  // namespace
}  // namespace skiff
