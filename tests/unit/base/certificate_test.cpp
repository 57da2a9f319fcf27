#include "base/certificate.h"

#include <gtest/gtest.h>

#include "base/certificate_maker.h"

namespace skiff {
namespace {

constexpr std::int64_t new_year = 1767225600;

std::string root_pem(const KeyPtr& key) {
  return to_pem(*make_certificate(order_root("test, root", "shop.local", new_year, 3600), *key,
                                  nullptr, *key));
}

TEST(Certificate, TellsItsFacts) {
  const auto certificates = read_certificates("before\n" + root_pem(make_key()) + "after\n");
  ASSERT_TRUE(certificates) << certificates.error();
  ASSERT_EQ(certificates->size(), 1u);
  const CertificateFacts facts = facts_of(*certificates->front());
  EXPECT_EQ(facts.subject, "CN=test\\, root");
  EXPECT_EQ(facts.issuer, facts.subject);
  EXPECT_EQ(facts.uris, std::vector<std::string>{"spiffe://shop.local"});
  EXPECT_EQ(facts.fingerprint.size(), 64u);
  EXPECT_EQ(facts.serial.size(), 32u);
  EXPECT_EQ(facts.validity.not_before, new_year - backdated_seconds);
  EXPECT_EQ(facts.validity.not_after, new_year + 3600);
  EXPECT_TRUE(facts.is_authority);
}

TEST(Certificate, ReadsSeveral) {
  const std::string pem = root_pem(make_key()) + root_pem(make_key());
  EXPECT_EQ(read_certificates(pem)->size(), 2u);
  EXPECT_TRUE(read_certificates("")->empty());
  EXPECT_EQ(read_certificates(pem + "-----BEGIN CERTIFICATE-----\nMII").error(),
            "block 3 is cut off or not PEM");
  EXPECT_EQ(
      read_certificates("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").error(),
      "block 1 does not hold a certificate");
}

TEST(Certificate, ReadsAKeyOnly) {
  const KeyPtr key = make_key();
  const auto read = read_key(to_pem(*key));
  ASSERT_TRUE(read);
  EXPECT_EQ(EVP_PKEY_eq(read->get(), key.get()), 1);
  EXPECT_EQ(read_key("").error(), "holds no PEM");
  EXPECT_EQ(read_key(root_pem(key)).error(), "does not hold a whole private key");
}

TEST(Certificate, WritesTimesInUtc) { EXPECT_EQ(utc_text(new_year), "2026-01-01T00:00:00Z"); }

}  // namespace
}  // namespace skiff
