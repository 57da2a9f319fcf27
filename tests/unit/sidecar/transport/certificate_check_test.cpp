#include "sidecar/transport/certificate_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "sidecar/observe/handshake_counters.h"
#include "tests/support/certificates.h"

namespace skiff {
namespace {

using test::certificate_epoch;
using test::Issued;
using test::one_day;
using test::TestAuthority;

class CertificateCheck : public testing::Test {
 protected:
  // `-` and the identity, or the reason.
  std::string verify(const Issued& issued, TlsRole role = TlsRole::client,
                     std::vector<const Issued*> between = {}) {
    const TrustedRoots roots(bundles_);
    const CertificateListPtr chain(sk_X509_new_null());
    for (const Issued* one : between) sk_X509_push(chain.get(), one->certificate.get());
    const auto verified = roots.verify(*issued.certificate, chain.get(), role, now_);
    if (verified) {
      verified_ = *verified;
      return "- " + verified->identity;
    }
    detail_ = verified.error().detail;
    return std::string(about(error_kind(verified.error().failure)).reason);
  }

  // Of a leaf that is right but for what `change` does.
  std::string with(const std::function<void(CertificateOrder&)>& change,
                   TlsRole role = TlsRole::client) {
    CertificateOrder order = shop_.leaf_order("cart");
    change(order);
    return verify(shop_.issue(order), role);
  }
  std::string with_uri(const std::string& uri) {
    return with([&](CertificateOrder& order) { order.uris = {uri}; });
  }
  std::string with_key(KeyPtr key) {
    return verify(shop_.issue(shop_.leaf_order("cart"), std::move(key)));
  }

  const TestAuthority shop_{"shop.local"};
  const TestAuthority partner_{"partner.example"};
  std::vector<TrustBundle> bundles_{shop_.bundle(), partner_.bundle()};
  std::int64_t now_ = certificate_epoch;
  std::string detail_;
  Verified verified_;
};

const std::string cart = "- spiffe://shop.local/ns/shop/sa/cart";

TEST_F(CertificateCheck, TakesALeafOfATrustedRoot) {
  EXPECT_EQ(verify(shop_.issue_leaf("cart"), TlsRole::client), cart);
  EXPECT_EQ(verify(shop_.issue_leaf("cart"), TlsRole::server), cart);
  EXPECT_EQ(verified_.not_after, certificate_epoch + one_day);
  EXPECT_EQ(verify(partner_.issue_leaf("stock")), "- spiffe://partner.example/ns/shop/sa/stock");
}

TEST_F(CertificateCheck, TakesAnIntermediateThatIsShown) {
  const Issued intermediate = shop_.issue_intermediate(certificate_epoch + one_day / 2);
  const Issued leaf = shop_.issue(shop_.leaf_order("cart"), make_key(), intermediate);
  EXPECT_EQ(verify(leaf, TlsRole::client, {&intermediate}), cart);
  EXPECT_EQ(verified_.not_after, certificate_epoch + one_day / 2) << "the earliest end counts";
  EXPECT_EQ(verify(leaf), "tls_unknown_root");
}

TEST_F(CertificateCheck, TakesEitherOfTwoRoots) {
  const TestAuthority next("shop.local");
  EXPECT_EQ(verify(next.issue_leaf("cart")), "tls_unknown_root");
  bundles_.front().roots += next.root_pem();
  EXPECT_EQ(verify(next.issue_leaf("cart")), cart);
  EXPECT_EQ(verify(shop_.issue_leaf("cart")), cart);
}

TEST_F(CertificateCheck, LetsNoRootSpeakForAnotherDomain) {
  CertificateOrder order = partner_.leaf_order("cart");
  order.uris = {shop_.id_of("cart")};
  EXPECT_EQ(verify(partner_.issue(order)), "tls_trust_domain");
  EXPECT_EQ(detail_, "a root of partner.example vouches for an id of shop.local");

  const TestAuthority stranger("stranger.example");
  EXPECT_EQ(verify(stranger.issue_leaf("cart")), "tls_trust_domain");
  EXPECT_EQ(detail_, "stranger.example is not trusted here");
}

TEST_F(CertificateCheck, TrustsNobodyOfAnEmptyBundle) {
  bundles_.back().roots.clear();
  EXPECT_EQ(verify(partner_.issue_leaf("stock")), "tls_unknown_root");
  EXPECT_EQ(verify(shop_.issue_leaf("cart")), cart);
}

TEST_F(CertificateCheck, RefusesWhatSignedItself) {
  const KeyPtr key = make_key();
  Issued alone;
  alone.certificate = make_certificate(shop_.leaf_order("cart"), *key, nullptr, *key);
  EXPECT_EQ(verify(alone), "tls_unknown_root");
}

TEST_F(CertificateCheck, RefusesALeafThatSigns) {
  const Issued leaf = shop_.issue_leaf("cart");
  const Issued below = shop_.issue(shop_.leaf_order("order"), make_key(), leaf);
  EXPECT_EQ(verify(below, TlsRole::client, {&leaf}), "tls_unknown_root");
}

TEST_F(CertificateCheck, WantsOneIdentity) {
  EXPECT_EQ(with([](CertificateOrder& order) { order.uris = {}; }), "tls_no_identity");
  EXPECT_EQ(with([](CertificateOrder& order) {
              order.common_name = "spiffe://shop.local/a";
              order.uris = {};
              order.dns_names = {"spiffe://shop.local/a", "cart"};
            }),
            "tls_no_identity");
  EXPECT_EQ(with([](CertificateOrder& order) { order.uris.push_back("spiffe://shop.local/b"); }),
            "tls_several_identities");
  EXPECT_EQ(with([](CertificateOrder& order) { order.uris.push_back("https://shop.local/"); }),
            "tls_several_identities");
  EXPECT_EQ(with([](CertificateOrder& order) { order.dns_names = {"cart.shop"}; }), cart);
}

TEST_F(CertificateCheck, WantsAWorkloadsId) {
  for (const char* uri :
       {"https://shop.local/ns/shop/sa/cart", "spiffe://shop.local", "spiffe://shop.local/",
        "spiffe://shop.local/ns//cart", "spiffe://shop.local/a/..", "spiffe://shop.local/%41",
        "spiffe://shop.local/a?q", "spiffe://shop.local/a#f", "spiffe://u@shop.local/a",
        "spiffe://shop.local:1/a", "spiffe://SHOP.local/a", "spiffe://shop.local/a/"}) {
    EXPECT_EQ(with_uri(uri), "tls_no_identity") << uri;
  }
  EXPECT_EQ(with_uri(std::string("spiffe://shop.local/a\0b", 23)), "tls_no_identity");
  const std::string start = "spiffe://shop.local/";
  EXPECT_TRUE(with_uri(start + std::string(2048 - start.size(), 'a')).starts_with("- "));
  EXPECT_EQ(with_uri(start + std::string(2049 - start.size(), 'a')), "tls_no_identity");
  EXPECT_EQ(with_uri("spiffe://shop.local/Cart"), "- spiffe://shop.local/Cart") << "case counts";
}

TEST_F(CertificateCheck, WantsALeafsUsages) {
  const auto with_usage = [&](const char* usage) {
    return with([&](CertificateOrder& order) { order.key_usage = usage; });
  };
  EXPECT_EQ(with_usage("critical,digitalSignature,keyAgreement"), cart);
  EXPECT_EQ(with_usage("critical,digitalSignature,keyCertSign"), "tls_wrong_usage");
  EXPECT_EQ(with_usage("critical,digitalSignature,cRLSign"), "tls_wrong_usage");
  EXPECT_EQ(with_usage("critical,keyEncipherment"), "tls_wrong_usage");
  EXPECT_EQ(with_usage(""), cart);  // Not restricted.
  EXPECT_EQ(with([](CertificateOrder& order) { order.authority = true; }), "tls_wrong_usage");
}

TEST_F(CertificateCheck, WantsTheUsageOfTheRole) {
  const auto purpose = [&](const char* usage, TlsRole role) {
    return with([&](CertificateOrder& order) { order.extended_key_usage = usage; }, role);
  };
  EXPECT_EQ(purpose("clientAuth", TlsRole::client), cart);
  EXPECT_EQ(purpose("clientAuth", TlsRole::server), "tls_wrong_usage");
  EXPECT_EQ(purpose("serverAuth", TlsRole::server), cart);
  EXPECT_EQ(purpose("serverAuth", TlsRole::client), "tls_wrong_usage");
  EXPECT_EQ(purpose("codeSigning", TlsRole::server), "tls_wrong_usage");
  EXPECT_EQ(purpose("", TlsRole::server), cart) << "X509-SVID, 4.4";
}

TEST_F(CertificateCheck, WantsStrongKeysAndSignatures) {
  EXPECT_EQ(with_key(test::make_ec_key("P-256")), cart);
  EXPECT_EQ(with_key(test::make_ec_key("P-384")), cart);
  EXPECT_EQ(with_key(test::make_rsa_key(2048)), cart);
  EXPECT_EQ(with_key(KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))), cart);
  EXPECT_EQ(with_key(test::make_rsa_key(1024)), "tls_weak_key");
  EXPECT_EQ(with_key(test::make_ec_key("P-192")), "tls_weak_key");
  EXPECT_EQ(with_key(test::make_ec_key("P-224")), "tls_weak_key");
  EXPECT_EQ(detail_, "the key of the leaf");
  for (const char* digest : {"SHA1", "SHA224"}) {
    EXPECT_EQ(with([&](CertificateOrder& order) { order.digest = digest; }), "tls_weak_key")
        << digest;
    EXPECT_EQ(detail_, "the signature of the leaf");
  }
}

TEST_F(CertificateCheck, TakesNoMd5) {
  const CertificateOrder authority = order_root("rsa", "shop.local", certificate_epoch, one_day);
  const Issued intermediate = shop_.issue(authority, test::make_rsa_key(2048));
  CertificateOrder order = shop_.leaf_order("cart");
  for (const char* digest : {"SHA256", "MD5"}) {
    order.digest = digest;
    const Issued leaf = shop_.issue(order, make_key(), intermediate);
    EXPECT_EQ(verify(leaf, TlsRole::client, {&intermediate}),
              order.digest == "MD5" ? "tls_weak_key" : cart);
  }
}

TEST_F(CertificateCheck, WantsAStrongIntermediate) {
  CertificateOrder order = order_root("weak", "shop.local", certificate_epoch, one_day);
  const Issued intermediate = shop_.issue(order, test::make_rsa_key(1024));
  const Issued leaf = shop_.issue(shop_.leaf_order("cart"), make_key(), intermediate);
  EXPECT_EQ(verify(leaf, TlsRole::client, {&intermediate}), "tls_weak_key");
  EXPECT_EQ(detail_, "the key of intermediate 1");
}

TEST_F(CertificateCheck, WantsTheirTimeWithAnAllowance) {
  const std::int64_t begin = certificate_epoch - backdated_seconds;
  const std::int64_t end = certificate_epoch + one_day;
  now_ = begin - clock_skew_allowance_s;
  const TestAuthority early("shop.local", certificate_epoch - one_day);  // A root that is older.
  bundles_ = {early.bundle()};
  const auto leaf = [&] { return early.issue(shop_.leaf_order("cart")); };
  EXPECT_EQ(verify(leaf()), cart);
  --now_;
  EXPECT_EQ(verify(leaf()), "tls_not_yet_valid");
  EXPECT_EQ(detail_, "the leaf is valid from 2025-12-31T23:59:00Z");
  now_ = end + clock_skew_allowance_s;
  EXPECT_EQ(verify(leaf()), cart);
  ++now_;
  EXPECT_EQ(verify(leaf()), "tls_expired");
  EXPECT_EQ(detail_, "the leaf expired at 2026-01-02T00:00:00Z");
}

TEST_F(CertificateCheck, NamesTheCertificateThatHasExpired) {
  const Issued intermediate = shop_.issue_intermediate(certificate_epoch - 3600);
  const Issued leaf = shop_.issue(shop_.leaf_order("cart"), make_key(), intermediate);
  EXPECT_EQ(verify(leaf, TlsRole::client, {&intermediate}), "tls_expired");
  EXPECT_EQ(detail_, "intermediate 1 expired at 2025-12-31T23:00:00Z");

  CertificateOrder order = shop_.leaf_order("cart");
  order.not_after += 1000 * one_day;
  now_ = certificate_epoch + 366 * one_day;
  EXPECT_EQ(verify(shop_.issue(order)), "tls_expired");
  EXPECT_EQ(detail_, "the root expired at 2027-01-01T00:00:00Z");
}

TEST_F(CertificateCheck, KnowsWhetherALifeIsOver) {
  const Verified verified{"", 1000, 2000};
  EXPECT_FALSE(is_current(verified, 939));
  EXPECT_TRUE(is_current(verified, 940));
  EXPECT_TRUE(is_current(verified, 2060));
  EXPECT_FALSE(is_current(verified, 2061));
}

}  // namespace
}  // namespace skiff
