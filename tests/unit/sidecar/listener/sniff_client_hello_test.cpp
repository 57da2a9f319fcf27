#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "sidecar/listener/sniff.h"
#include "tests/support/made_client_hello.h"

namespace skiff {
namespace {

using hello::alpn;
using hello::counted;
using hello::extension;
using hello::hello_message;
using hello::in_records;
using hello::made_client_hello;
using hello::octets;
using hello::server_name;
using testing::ElementsAre;
using testing::IsEmpty;
using Status = ClientHello::Status;

// GREASE (RFC 8701) and other extensions around what is looked for.
const std::string usual = extension(0x2a2a, "") + server_name("Product.Shop") +
                          extension(10, counted("\x1a\x1a\x00\x17", 2)) +
                          alpn({"\x2a\x2a", "h2", "http/1.1"}) + extension(0xfafa, "x");

Status status_of(std::string_view bytes) { return read_client_hello(bytes).status; }

void expect_usual(const ClientHello& hello) {
  EXPECT_EQ(hello.status, Status::done);
  EXPECT_EQ(hello.server_name, "product.shop");
  EXPECT_THAT(hello.protocols, ElementsAre("\x2a\x2a", "h2", "http/1.1"));
}

TEST(ClientHello, SaysWhomItWantsAndWhatItSpeaks) {
  expect_usual(read_client_hello(made_client_hello(usual)));
}

TEST(ClientHello, WaitsForAllOfItWhereverItIsCut) {
  const std::string bytes = made_client_hello(usual);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // Apart in memory, so that a sanitizer sees a step too far.
    const std::unique_ptr<char[]> part(new char[size]);
    std::copy_n(bytes.data(), size, part.get());
    EXPECT_EQ(status_of({part.get(), size}), Status::more) << size;
  }
}

TEST(ClientHello, MayBeCutIntoRecordsAnywhere) {
  const std::string message = hello_message(usual);
  for (std::size_t most = 1; most <= message.size(); ++most) {
    expect_usual(read_client_hello(in_records(message, most)));
  }
}

TEST(ClientHello, MayBeFollowedByAnything) {
  expect_usual(read_client_hello(made_client_hello(usual) + "\x17junk"));
  expect_usual(read_client_hello(in_records(hello_message(usual) + "\x0bmore")));
}

TEST(ClientHello, MayNameNobody) {
  const ClientHello hello = read_client_hello(made_client_hello(extension(0x0a0a, "")));
  EXPECT_EQ(hello.status, Status::done);
  EXPECT_EQ(hello.server_name, "");
  EXPECT_THAT(hello.protocols, IsEmpty());
}

TEST(ClientHello, MayHaveNoExtensionsAtAll) {
  std::string message = hello_message("");
  message.resize(message.size() - 2);
  message.replace(1, 3, octets(message.size() - 4, 3));
  EXPECT_EQ(status_of(in_records(message)), Status::done);
}

TEST(ClientHello, MayHaveVeryManyExtensions) {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += extension(0x4a4a, "");
  const ClientHello hello = read_client_hello(made_client_hello(many + server_name("a.b")));
  EXPECT_EQ(hello.status, Status::done);
  EXPECT_EQ(hello.server_name, "a.b");
}

TEST(ClientHello, IsReadAsOpenSslWritesIt) {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                             &SSL_CTX_free);
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), &SSL_free);
  BIO* const to = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), to);
  SSL_set_connect_state(ssl.get());
  SSL_set_tlsext_host_name(ssl.get(), "payments.shop.svc");
  const std::string protocols = counted("skiff", 1) + counted("h2", 1);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                      static_cast<unsigned>(protocols.size()));
  SSL_do_handshake(ssl.get());
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(to, &bytes);
  const ClientHello hello = read_client_hello({bytes, static_cast<std::size_t>(size)});
  EXPECT_EQ(hello.status, Status::done);
  EXPECT_EQ(hello.server_name, "payments.shop.svc");
  EXPECT_THAT(hello.protocols, ElementsAre("skiff", "h2"));
}

struct Bad {
  std::string_view what;
  std::string bytes;
};

std::string host_list(std::string_view names) { return extension(0, counted(names, 2)); }

std::string one_name(std::string_view host) { return octets(0, 1) + counted(host, 2); }

const Bad bad[] = {
    {"two SNI extensions", made_client_hello(server_name("a") + server_name("a"))},
    {"two names", made_client_hello(host_list(one_name("a") + one_name("b")))},
    {"no name in the list", made_client_hello(host_list(""))},
    {"an empty name", made_client_hello(server_name(""))},
    {"a name of another type", made_client_hello(host_list(octets(1, 1) + counted("a", 2)))},
    {"a dot at the end", made_client_hello(server_name("a.b."))},
    {"a NUL in the name", made_client_hello(server_name(std::string_view("a\0b", 3)))},
    {"a blank in the name", made_client_hello(server_name("a b"))},
    {"a very long name", made_client_hello(server_name(std::string(256, 'a')))},
    {"bytes behind the list", made_client_hello(extension(0, counted(one_name("a"), 2) + "x"))},
    {"a list longer than it is", made_client_hello(extension(0, octets(9, 2) + one_name("a")))},
    {"two ALPN extensions", made_client_hello(alpn({"h2"}) + alpn({"h2"}))},
    {"no protocol", made_client_hello(alpn({}))},
    {"an empty protocol", made_client_hello(alpn({"h2", ""}))},
    {"a protocol cut off", made_client_hello(extension(16, counted("\x05h2", 2)))},
    {"an extension cut off", made_client_hello(octets(10, 2) + octets(9, 2) + "x")},
    {"half an extension's type", made_client_hello("x")},
    {"a message with nothing in it", in_records(octets(1, 1) + octets(0, 3))},
    {"a session of 33",
     in_records(octets(1, 1) + counted(octets(0x0303, 2) + std::string(32, 'r') +
                                           counted(std::string(33, 's'), 1) +
                                           counted("\x13\x01", 2) + counted("c", 1),
                                       3))},
    {"another message", in_records(octets(2, 1) + counted("x", 3))},
    {"a message of 16 MiB", in_records(octets(1, 1) + octets(0xffffff, 3))},
    {"an empty record", in_records(hello_message(usual).substr(0, 9)) + octets(0x16, 1) +
                            octets(0x0301, 2) + octets(0, 2) +
                            in_records(hello_message(usual).substr(9))},
    {"a version of no TLS", octets(0x16, 1) + octets(0x0381, 2) + counted(hello_message(usual), 2)},
    {"a record too long", octets(0x16, 1) + octets(0x0301, 2) + octets(0x4001, 2)},
    {"an alert between", in_records(hello_message(usual).substr(0, 9)) + octets(0x15, 1) +
                             octets(0x0301, 2) + octets(2, 2)},
    {"an old version between", in_records(hello_message(usual).substr(0, 9)) + octets(0x16, 1) +
                                   octets(0x0200, 2) + octets(2, 2)},
};

TEST(ClientHello, IsBadInManyWays) {
  for (const Bad& each : bad) {
    const ClientHello hello = read_client_hello(each.bytes);
    EXPECT_EQ(hello.status, Status::bad) << each.what;
    EXPECT_EQ(hello.server_name, "") << each.what;
  }
}

TEST(ClientHello, IsBadOnceItIsOver64KiB) {
  std::string message = hello_message(extension(21, std::string(60'000, '\0')));
  EXPECT_EQ(status_of(in_records(message)), Status::done);
  const std::string slow = in_records(message, 8);  // 13 bytes for each 8.
  EXPECT_EQ(status_of(slow.substr(0, ClientHello::most_bytes - 1)), Status::more);
  EXPECT_EQ(status_of(slow.substr(0, ClientHello::most_bytes)), Status::bad);
  EXPECT_EQ(status_of(slow), Status::bad);
}

}  // namespace
}  // namespace skiff
