#include <gtest/gtest.h>

#include "tests/support/raw_tls_client.h"
#include "tests/support/tls_pair.h"

namespace skiff {
namespace {

using test::certificate_epoch;
using test::Issued;
using test::Pipe;
using test::RawTlsClient;
using test::TestAuthority;
using test::TlsSide;

// A server of ours, and clients that do wrong.
class TlsAgainst : public testing::Test {
 protected:
  void begin(const std::string& scope = "") {
    TlsRequest request;
    request.session_scope = scope;
    server_.begin(context_, pipe_.server(), request);
  }

  void run(RawTlsClient& client) {
    for (bool moved = true; moved;) {
      moved = client.step();
      loop_.io().restart();
      moved = loop_.io().poll() > 0 || moved;
      std::string kept =
          std::exchange(pipe_.to_client().flight, {});  // The client takes it itself.
      moved = pipe_.deliver() || moved;
      pipe_.to_client().flight = kept + pipe_.to_client().flight;
    }
  }

  ManualClock clock_;
  Loop loop_{1, &clock_};
  const TestAuthority shop_{"shop.local"};
  const TlsContextPtr context_ =
      make_tls_context(loop_, shop_.material("order"), [] { return certificate_epoch; });
  Pipe pipe_;
  TlsSide server_{loop_};
};

TEST_F(TlsAgainst, AnHonestClientIsServed) {
  begin();
  const Issued cart = shop_.issue_leaf("cart");
  RawTlsClient client(&cart, pipe_);
  run(client);
  ASSERT_NE(server_.transport, nullptr) << server_.detail;
  EXPECT_TRUE(client.send("hello"));
  run(client);
  EXPECT_EQ(server_.got, "hello");
  EXPECT_TRUE(server_.send("hi"));
  run(client);
  EXPECT_EQ(client.got, "hi");
}

TEST_F(TlsAgainst, WhoShowsNoCertificate) {
  begin();
  RawTlsClient client(nullptr, pipe_);
  run(client);
  client.send("never to be read");
  run(client);
  EXPECT_EQ(server_.failure, TlsFailure::no_certificate);
  EXPECT_EQ(server_.got, "");
  EXPECT_EQ(client.error, "tlsv13 alert certificate required");
}

TEST_F(TlsAgainst, OlderVersions) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION}) {
    TlsSide server(loop_);
    Pipe pipe;
    server.begin(context_, pipe.server(), {});
    const Issued cart = shop_.issue_leaf("cart");
    RawTlsClient client(&cart, pipe, [&](SSL_CTX& context) {
      SSL_CTX_set_min_proto_version(&context, version);
      SSL_CTX_set_max_proto_version(&context, version);
    });
    client.step();
    for (int i = 0; i < 5; ++i) {
      loop_.io().restart();
      loop_.io().poll();
      pipe.deliver();
    }
    EXPECT_EQ(server.failure, TlsFailure::broken);
    EXPECT_EQ(server.detail, "unsupported protocol");
    EXPECT_EQ(pipe.to_client().log.substr(5), std::string("\x02\x46", 2)) << "protocol_version";
  }
}

TEST_F(TlsAgainst, WeakKeysAndForeignUsage) {
  struct Case {
    Issued issued;
    TlsFailure failure;
    const char* alert;
  };
  CertificateOrder server_only = shop_.leaf_order("cart");
  server_only.extended_key_usage = "serverAuth";
  CertificateOrder anonymous = shop_.leaf_order("cart");
  anonymous.uris.clear();
  CertificateOrder old = shop_.leaf_order("cart");
  old.not_after = certificate_epoch - 3600;
  Case cases[] = {
      {shop_.issue(shop_.leaf_order("cart"), test::make_rsa_key(1024)), TlsFailure::weak_key,
       "sslv3 alert bad certificate"},
      {shop_.issue(server_only), TlsFailure::wrong_usage, "sslv3 alert unsupported certificate"},
      {shop_.issue(anonymous), TlsFailure::no_identity, "sslv3 alert bad certificate"},
      {shop_.issue(old), TlsFailure::expired, "sslv3 alert certificate expired"},
      {TestAuthority("shop.local").issue_leaf("cart"), TlsFailure::unknown_root,
       "tlsv1 alert unknown ca"},
  };
  for (Case& c : cases) {
    TlsSide server(loop_);
    server.begin(context_, pipe_.server(), {});
    RawTlsClient client(&c.issued, pipe_);
    run(client);
    EXPECT_EQ(server.failure, c.failure) << c.alert;
    EXPECT_EQ(client.error, c.alert);
    pipe_.to_server() = pipe_.to_client() = {};
  }
}

TEST_F(TlsAgainst, DataBeforeTheHandshakeIsNeverRead) {
  begin("inbound");
  const Issued cart = shop_.issue_leaf("cart");
  RawTlsClient client(&cart, pipe_);
  run(client);
  const SslSessionPtr session(SSL_get1_session(&client.ssl()));
  ASSERT_EQ(SSL_SESSION_is_resumable(session.get()), 1);
  SSL_SESSION_set_max_early_data(session.get(), 16384);
  server_.transport.reset();
  pipe_.to_server() = pipe_.to_client() = {};

  TlsSide server(loop_);
  TlsRequest request;
  request.session_scope = "inbound";
  server.begin(context_, pipe_.server(), request);
  client.begin(session.get());
  std::size_t count = 0;
  EXPECT_EQ(SSL_write_early_data(&client.ssl(), "early", 5, &count), 1);
  client.push();
  run(client);
  EXPECT_EQ(server.got, "");
  EXPECT_EQ(SSL_get_early_data_status(&client.ssl()), SSL_EARLY_DATA_REJECTED);
}

TEST_F(TlsAgainst, NewKeysAreTakenAndGiven) {
  begin();
  const Issued cart = shop_.issue_leaf("cart");
  RawTlsClient client(&cart, pipe_);
  run(client);
  ASSERT_NE(server_.transport, nullptr);
  EXPECT_EQ(SSL_key_update(&client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  EXPECT_TRUE(client.send("with new keys"));
  run(client);
  EXPECT_EQ(server_.got, "with new keys");
  EXPECT_TRUE(server_.send("the same"));
  run(client);
  EXPECT_EQ(client.got, "the same");
}

TEST_F(TlsAgainst, WhoAsksForKeysAndTakesNone) {
  begin();
  const Issued cart = shop_.issue_leaf("cart");
  RawTlsClient client(&cart, pipe_);
  run(client);
  ASSERT_NE(server_.transport, nullptr);
  pipe_.to_client().capacity = 0;
  for (int i = 0; i < 40000 && server_.last.kind == IoResult::Kind::again; ++i) {
    SSL_key_update(&client.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(&client.ssl());
    client.push();
    if (i % 100 == 99) pipe_.deliver();
  }
  EXPECT_EQ(server_.last.kind, IoResult::Kind::error) << "what is kept for it has a limit";
  server_.transport.reset();
  clock_.advance(std::chrono::seconds(6));
  loop_.run_due();  // It lingers no longer.
  EXPECT_TRUE(pipe_.to_client().cut);
}

}  // namespace
}  // namespace skiff
