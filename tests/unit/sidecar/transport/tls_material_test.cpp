#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <functional>

#include "base/certificate.h"
#include "sidecar/transport/tls.h"
#include "tests/support/certificates.h"

namespace skiff {
namespace {

using test::certificate_epoch;
using test::Issued;
using test::one_day;
using test::TestAuthority;

class TlsMaterialCheck : public testing::Test {
 protected:
  // What is said of right material after `change`; empty: it is taken.
  std::string with(const std::function<void(TlsMaterial&)>& change) {
    TlsMaterial material = shop_.material("cart");
    change(material);
    const auto checked = check_material(material, now_);
    return checked ? "" : checked.error();
  }
  std::string with_leaf(const std::function<void(CertificateOrder&)>& change) {
    return with([&](TlsMaterial& material) {
      CertificateOrder order = shop_.leaf_order("cart");
      change(order);
      const Issued leaf = shop_.issue(order);
      material.certificate = leaf.chain_pem();
      material.key = leaf.key_pem();
    });
  }

  const TestAuthority shop_{"shop.local"};
  std::int64_t now_ = certificate_epoch;
};

TEST_F(TlsMaterialCheck, TellsOfTheLeaf) {
  const TlsMaterial material = shop_.material("cart");
  const auto info = check_material(material, now_);
  ASSERT_TRUE(info) << info.error();
  EXPECT_EQ(info->identity, "spiffe://shop.local/ns/shop/sa/cart");
  EXPECT_EQ(info->trust_domain, "shop.local");
  EXPECT_EQ(info->not_before, certificate_epoch - backdated_seconds);
  EXPECT_EQ(info->not_after, certificate_epoch + one_day);
  EXPECT_EQ(info->serial.size(), 32u);
}

TEST_F(TlsMaterialCheck, TakesAChainWithItsIntermediate) {
  const Issued intermediate = shop_.issue_intermediate(certificate_epoch + one_day);
  const Issued leaf = shop_.issue(shop_.leaf_order("cart"), make_key(), intermediate);
  const auto with_chain = [&](const std::string& pem) {
    return with([&](TlsMaterial& material) {
      material.certificate = pem;
      material.key = leaf.key_pem();
    });
  };
  EXPECT_EQ(with_chain(leaf.chain_pem()), "");
  EXPECT_EQ(with_chain(to_pem(*leaf.certificate)),
            "certificate: no root of shop.local vouches for it");
  EXPECT_EQ(with_chain(intermediate.chain_pem() + to_pem(*leaf.certificate)),
            "certificate: the leaf, which the key belongs to, must come first");
  EXPECT_EQ(with_chain(to_pem(*leaf.certificate) + shop_.root_pem() + intermediate.chain_pem()),
            "certificate: block 2 did not issue block 1, which stands before it");
}

TEST_F(TlsMaterialCheck, WantsWholeCertificates) {
  EXPECT_EQ(with([](TlsMaterial& m) { m.certificate = ""; }), "certificate: holds no PEM");
  EXPECT_EQ(with([](TlsMaterial& m) { m.certificate.resize(m.certificate.size() / 2); }),
            "certificate: block 1 is cut off or not PEM");
  EXPECT_EQ(with([](TlsMaterial& m) { m.certificate += m.certificate.substr(0, 100); }),
            "certificate: block 2 is cut off or not PEM");
  EXPECT_EQ(with([](TlsMaterial& m) { std::swap(m.certificate, m.key); }),
            "certificate: block 1 is a PRIVATE KEY, not a certificate");
}

TEST_F(TlsMaterialCheck, WantsTheKeyOfTheLeaf) {
  EXPECT_EQ(with([](TlsMaterial& m) { m.key = ""; }), "key: holds no PEM");
  EXPECT_EQ(with([](TlsMaterial& m) { m.key = m.certificate; }),
            "key: does not hold a whole private key");
  EXPECT_EQ(with([](TlsMaterial& m) { m.key.resize(m.key.size() / 2); }),
            "key: does not hold a whole private key");
  EXPECT_EQ(with([&](TlsMaterial& m) { m.key = shop_.issue_leaf("cart").key_pem(); }),
            "key: does not belong to the certificate");
}

TEST_F(TlsMaterialCheck, WantsAKeyWithoutPassword) {
  const KeyPtr key = make_key();
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), EVP_aes_128_cbc(), "secret", 6, nullptr,
                                nullptr);
  char* text = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(out.get(), &text));
  EXPECT_EQ(with([&](TlsMaterial& m) { m.key.assign(text, size); }),
            "key: is encrypted; nobody is there to type its password");
}

TEST_F(TlsMaterialCheck, NeverShowsTheKey) {
  for (std::size_t cut = 1; cut < 240; cut += 7) {
    const std::string said = with([&](TlsMaterial& m) { m.key.erase(cut, 3); });
    const TlsMaterial material = shop_.material("cart");
    EXPECT_TRUE(said.empty() || said == "key: holds no PEM" ||
                said == "key: does not hold a whole private key" ||
                said == "key: does not belong to the certificate")
        << said;
  }
}

TEST_F(TlsMaterialCheck, WantsALeafThatPeersWillTake) {
  EXPECT_EQ(with_leaf([](CertificateOrder& order) { order.uris.clear(); }),
            "certificate: the leaf has no URI among its alternative names");
  EXPECT_EQ(with_leaf([](CertificateOrder& order) { order.uris.push_back("spiffe://a/b"); }),
            "certificate: the leaf has 2 URIs among its alternative names");
  EXPECT_EQ(with_leaf([](CertificateOrder& order) { order.uris = {"spiffe://other.local/a"}; }),
            "certificate: is of other.local, and not of the own trust domain shop.local");
  EXPECT_EQ(with_leaf([](CertificateOrder& order) { order.extended_key_usage = "clientAuth"; }),
            "certificate: the leaf lacks serverAuth");
  EXPECT_EQ(with_leaf([](CertificateOrder& order) { order.authority = true; }),
            "certificate: the leaf is an authority's");
  now_ += 2 * one_day;
  EXPECT_EQ(with([](TlsMaterial&) {}), "certificate: the leaf expired at 2026-01-02T00:00:00Z");
  now_ -= 3 * one_day;
  EXPECT_EQ(with([](TlsMaterial&) {}), "certificate: the leaf is valid from 2025-12-31T23:59:00Z");
}

TEST_F(TlsMaterialCheck, WantsBundles) {
  const TestAuthority partner("partner.example");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.clear(); }),
            "bundles: none, not even of the own trust domain");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.front().roots = ""; }),
            "bundle shop.local: the own trust domain's is empty");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.front().roots.resize(80); }),
            "bundle shop.local: block 1 is cut off or not PEM");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.front().roots += m.certificate; }),
            "bundle shop.local: block 2 is no authority's");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.push_back(m.bundles.front()); }),
            "bundle shop.local: named twice");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.front().trust_domain = "Shop"; }),
            "bundle Shop: no trust domain's name");
  EXPECT_EQ(with([&](TlsMaterial& m) { m.bundles.front().roots = partner.root_pem(); }),
            "certificate: no root of shop.local vouches for it");
  EXPECT_EQ(with([&](TlsMaterial& m) { m.bundles.push_back(partner.bundle()); }), "");
  EXPECT_EQ(with([](TlsMaterial& m) { m.bundles.push_back({"partner.example", ""}); }), "");
}

}  // namespace
}  // namespace skiff
