#include "sidecar/listener/sniff.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/made_client_hello.h"

namespace skiff {
namespace {

using namespace std::string_literals;

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct Case {
  std::string bytes;
  Sniffed what;
};

const Case cases[] = {
    {"", Sniffed::more},
    {"GET / HTTP/1.1\r\n", Sniffed::http1},
    {"GET ", Sniffed::http1},
    {"GET", Sniffed::more},
    {"G", Sniffed::more},
    {"POST /a", Sniffed::http1},
    {"UPDATEREDIRECTREF /", Sniffed::http1},
    {"UPDATE", Sniffed::more},
    {"QUERY /", Sniffed::http1},
    {"M-SEARCH ", Sniffed::unknown},
    {"get / HTTP/1.1", Sniffed::unknown},
    {"GETS ", Sniffed::unknown},
    {" GET /", Sniffed::unknown},
    {"\r\nGET /", Sniffed::unknown},
    {"PING\r\n", Sniffed::unknown},              // Redis, by hand.
    {"*1\r\n$4\r\nPING\r\n", Sniffed::unknown},  // Redis.
    {"AMQP\0\0\x09\x01"s, Sniffed::unknown},
    {"\0\0\0\x08\x04\xd2\x16\x2f"s, Sniffed::unknown},  // PostgreSQL asks for TLS.
    {"SSH-2.0-OpenSSH\r\n", Sniffed::unknown},
    {std::string(preface), Sniffed::http2},
    {std::string(preface) + "\0\0\x12"s, Sniffed::http2},
    {"PRI ", Sniffed::more},
    {"PRI /", Sniffed::http1},
    {"PRI * HTTP/1.1\r\n", Sniffed::http1},
    {"\x16", Sniffed::more},
    {"\x16\x03\x01\x02\x00"s, Sniffed::more},
    {"\x16\x03\x01\x02\x00\x01"s, Sniffed::tls},
    {"\x16\x03\x04\x40\x00\x01"s, Sniffed::tls},
    {"\x16\x03\x01\x00\x01\x01"s, Sniffed::tls},      // A record of one byte.
    {"\x16\x03\x01\x00\x00\x01"s, Sniffed::unknown},  // An empty one.
    {"\x16\x03\x01\x40\x01\x01"s, Sniffed::unknown},  // One too long.
    {"\x16\x03\x01\x02\x00\x02"s, Sniffed::unknown},  // A ServerHello.
    {"\x16\x03\x05"s, Sniffed::unknown},
    {"\x16\x02"s, Sniffed::unknown},
    {"\x80\x2e\x01\x03\x01"s, Sniffed::unknown},      // SSLv2.
    {"\x15\x03\x01\x00\x02\x01"s, Sniffed::unknown},  // An alert.
};

TEST(Sniff, TellsProtocolsByTheirFirstBytes) {
  for (const Case& each : cases) {
    EXPECT_EQ(sniff(each.bytes), each.what) << each.bytes;
  }
}

TEST(Sniff, IsOfOneMindWhereverTheBytesAreCut) {
  for (const Case& each : cases) {
    bool decided = false;
    for (std::size_t size = 0; size <= each.bytes.size(); ++size) {
      const Sniffed what = sniff(std::string_view(each.bytes).substr(0, size));
      if (what == Sniffed::more) {
        EXPECT_FALSE(decided) << each.bytes;
        continue;
      }
      EXPECT_EQ(what, each.what) << each.bytes << " at " << size;
      decided = true;
    }
  }
}

TEST(Sniff, DecidesWithinThePreface) {
  for (int first = 0; first < 256; ++first) {
    const std::string bytes(preface.size(), static_cast<char>(first));
    EXPECT_NE(sniff(bytes), Sniffed::more) << first;
  }
}

TEST(Sniff, KnowsWhereTheServerSpeaksFirst) {
  const std::set<int> asked{25, 587, 3306, 4444, 5432, 5672, 6379, 9300, 11211};
  for (int port = 0; port < 65536; ++port) {
    EXPECT_EQ(server_speaks_first(static_cast<std::uint16_t>(port)), asked.contains(port)) << port;
  }
}

}  // namespace
}  // namespace skiff
