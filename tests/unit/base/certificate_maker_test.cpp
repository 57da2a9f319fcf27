#include "base/certificate_maker.h"

#include <gtest/gtest.h>

#include "base/certificate.h"

namespace skiff {
namespace {

constexpr std::int64_t new_year = 1767225600;

TEST(CertificateMaker, MakesALeafOfARoot) {
  const KeyPtr root_key = make_key();
  const CertificatePtr root = make_certificate(order_root("root", "shop.local", new_year, 7200),
                                               *root_key, nullptr, *root_key);
  const KeyPtr key = make_key();
  const CertificatePtr leaf =
      make_certificate(order_leaf("spiffe://shop.local/ns/shop/sa/cart", new_year, 3600), *key,
                       root.get(), *root_key);
  ASSERT_NE(leaf, nullptr);

  EXPECT_EQ(X509_verify(leaf.get(), root_key.get()), 1);
  EXPECT_EQ(X509_check_issued(root.get(), leaf.get()), X509_V_OK) << "its key identifiers fit too";
  EXPECT_EQ(X509_check_private_key(leaf.get(), key.get()), 1);
  const CertificateFacts facts = facts_of(*leaf);
  EXPECT_EQ(facts.subject, "CN=cart");
  EXPECT_EQ(facts.issuer, "CN=root");
  EXPECT_FALSE(facts.is_authority);
  EXPECT_EQ(X509_get_key_usage(leaf.get()), static_cast<unsigned>(KU_DIGITAL_SIGNATURE));
  EXPECT_EQ(X509_get_extended_key_usage(leaf.get()),
            static_cast<unsigned>(XKU_SSL_SERVER | XKU_SSL_CLIENT));
  EXPECT_EQ(X509_get_key_usage(root.get()), static_cast<unsigned>(KU_KEY_CERT_SIGN | KU_CRL_SIGN));
}

TEST(CertificateMaker, GivesEachItsOwnSerial) {
  const KeyPtr key = make_key();
  const CertificateOrder order = order_root("root", "shop.local", new_year, 7200);
  EXPECT_NE(facts_of(*make_certificate(order, *key, nullptr, *key)).serial,
            facts_of(*make_certificate(order, *key, nullptr, *key)).serial);
}

TEST(CertificateMaker, TakesNamesAsTheyAre) {
  CertificateOrder order = order_leaf("spiffe://a/b,DNS:evil,URI:x", new_year, 3600);
  const KeyPtr key = make_key();
  const CertificatePtr made = make_certificate(order, *key, nullptr, *key);
  EXPECT_EQ(facts_of(*made).uris, std::vector<std::string>{"spiffe://a/b,DNS:evil,URI:x"});
}

TEST(CertificateMaker, TakesLongIds) {
  const std::string id = "spiffe://a/" + std::string(1000, 'x');
  const KeyPtr key = make_key();
  const CertificatePtr made = make_certificate(order_leaf(id, new_year, 3600), *key, nullptr, *key);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(facts_of(*made).uris, std::vector<std::string>{id});
  EXPECT_EQ(facts_of(*made).subject, "CN=" + std::string(64, 'x'));
}

TEST(CertificateMaker, RefusesWhatOpenSslRefuses) {
  const KeyPtr key = make_key();
  CertificateOrder order = order_leaf("spiffe://a/b", new_year, 3600);
  order.key_usage = "elephant";
  EXPECT_EQ(make_certificate(order, *key, nullptr, *key), nullptr);
}

}  // namespace
}  // namespace skiff
