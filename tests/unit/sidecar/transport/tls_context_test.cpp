#include <gtest/gtest.h>

#include "tests/support/tls_pair.h"

namespace skiff {
namespace {

using test::certificate_epoch;
using test::one_day;
using test::TestAuthority;
using test::TlsPair;

class TlsResumption : public testing::Test {
 protected:
  TlsContextPtr context(const TlsMaterial& material) {
    return make_tls_context(loop_, material, [this] { return now_; });
  }

  // Bytes of the server's first flight: in a full handshake it has a certificate, in a resumed one
  // it has none. 0: it came to nothing.
  std::size_t connect(const TlsContextPtr& client, const TlsContextPtr& server,
                      const std::string& client_scope = "order",
                      const std::string& server_scope = "inbound") {
    TlsRequest from;
    from.session_scope = client_scope;
    from.identities = identities_;
    TlsRequest to;
    to.session_scope = server_scope;
    TlsPair pair(loop_);
    pair.begin(client, server, from, to);
    while (pair.client.transport == nullptr && pair.step()) {
    }
    const std::size_t bytes = pair.pipe.to_client().log.size();
    pair.run();
    client_failure_ = pair.client.failure;
    server_failure_ = pair.server.failure;
    if (!pair.is_secured()) return 0;
    EXPECT_EQ(pair.client.transport->peer_identity(), shop_.id_of("order"));
    EXPECT_EQ(pair.server.transport->peer_identity(), shop_.id_of("cart"));
    for (const std::size_t per_turn : {std::string::npos, std::size_t{1}, std::size_t{7}}) {
      pair.pipe.to_client().per_turn = pair.pipe.to_server().per_turn = per_turn;
      EXPECT_TRUE(pair.client.send("ping"));
      EXPECT_TRUE(pair.server.send("pong"));
      pair.run();
    }
    EXPECT_EQ(pair.server.got, "pingpingping");
    EXPECT_EQ(pair.client.got, "pongpongpong");
    return bytes;
  }

  static bool is_full(std::size_t bytes) { return bytes > 500; }
  static bool is_resumed(std::size_t bytes) { return bytes > 0 && bytes < 500; }

  ManualClock clock_;
  Loop loop_{1, &clock_};
  std::int64_t now_ = certificate_epoch;
  const TestAuthority shop_{"shop.local"};
  std::vector<std::string> identities_;
  TlsFailure client_failure_ = TlsFailure::none;
  TlsFailure server_failure_ = TlsFailure::none;
};

TEST_F(TlsResumption, KnowsWhoComesAgain) {
  const auto client = context(shop_.material("cart"));
  const auto server = context(shop_.material("order"));
  EXPECT_TRUE(is_full(connect(client, server)));
  EXPECT_TRUE(is_resumed(connect(client, server)));
  EXPECT_TRUE(is_resumed(connect(client, server))) << "a resumed session gives a new ticket";
}

TEST_F(TlsResumption, NeedsAScope) {
  const auto client = context(shop_.material("cart"));
  const auto server = context(shop_.material("order"));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(is_full(connect(client, server, "", "inbound")));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(is_full(connect(client, server, "order", "")));
}

TEST_F(TlsResumption, KeepsToItsScope) {
  const auto client = context(shop_.material("cart"));
  const auto server = context(shop_.material("order"));
  EXPECT_TRUE(is_full(connect(client, server, "order", "inbound 1")));
  EXPECT_TRUE(is_full(connect(client, server, "order", "inbound 2"))) << "of another listener";
  EXPECT_TRUE(is_full(connect(client, server, "other target", "inbound 2")));
  EXPECT_TRUE(is_resumed(connect(client, server, "order", "inbound 2")));
}

TEST_F(TlsResumption, EndsWithTheRootThatVouched) {
  const TlsMaterial cart = shop_.material("cart");
  const TestAuthority next("shop.local");
  TlsMaterial both = shop_.material("order");
  both.bundles.front().roots += next.root_pem();
  TlsMaterial without = both;
  without.bundles.front().roots = next.root_pem();

  const auto client = context(cart);
  EXPECT_TRUE(is_full(connect(client, context(both))));
  const auto before = context(both);
  EXPECT_TRUE(is_full(connect(client, before))) << "of another context of the same material";
  EXPECT_EQ(connect(client, context(without)), 0u);
  EXPECT_EQ(server_failure_, TlsFailure::unknown_root) << "a full handshake, and refused";
}

TEST_F(TlsResumption, EndsWithTheChain) {
  CertificateOrder brief = shop_.leaf_order("cart");
  brief.not_after = certificate_epoch + 600;
  const test::Issued leaf = shop_.issue(brief);
  TlsMaterial cart = shop_.material("cart");
  cart.certificate = leaf.chain_pem();
  cart.key = leaf.key_pem();
  const auto client = context(cart);
  const auto server = context(shop_.material("order"));
  EXPECT_TRUE(is_full(connect(client, server)));
  now_ += 600;
  EXPECT_TRUE(is_resumed(connect(client, server)));
  now_ += 61;
  EXPECT_EQ(connect(client, server), 0u);
  EXPECT_EQ(server_failure_, TlsFailure::expired);
}

TEST_F(TlsResumption, EndsForTheClientToo) {
  const auto client = context(shop_.material("cart"));
  const auto server = context(shop_.material("order"));
  EXPECT_TRUE(is_full(connect(client, server)));
  identities_ = {shop_.id_of("payment")};
  EXPECT_EQ(connect(client, server), 0u);
  EXPECT_EQ(client_failure_, TlsFailure::wrong_identity);
  identities_ = {shop_.id_of("order")};
  EXPECT_TRUE(is_full(connect(client, server))) << "what was not offered is gone";
  EXPECT_TRUE(is_resumed(connect(client, server)));
  now_ += one_day + 61;
  EXPECT_EQ(connect(client, server), 0u);
  EXPECT_EQ(client_failure_, TlsFailure::expired);
}

TEST_F(TlsResumption, SharesNothingBetweenContexts) {
  const auto client = context(shop_.material("cart"));
  const TlsMaterial order = shop_.material("order");
  EXPECT_TRUE(is_full(connect(client, context(order))));
  EXPECT_TRUE(is_full(connect(client, context(order)))) << "ticket keys are the context's own";
}

}  // namespace
}  // namespace skiff
