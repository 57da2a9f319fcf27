#include "sidecar/transport/verified_chains.h"

#include <gtest/gtest.h>

#include "tests/support/certificates.h"

namespace skiff {
namespace {

ChainDigest number(std::size_t n) {
  ChainDigest chain{};
  std::memcpy(chain.data(), &n, sizeof n);
  return chain;
}

TEST(VerifiedChains, FindsWhatItKeepsWhileItLives) {
  VerifiedChains chains;
  chains.keep(number(1), {"a", 1000, 2000});
  ASSERT_NE(chains.find(number(1), 1500), nullptr);
  EXPECT_EQ(chains.find(number(1), 1500)->identity, "a");
  EXPECT_EQ(chains.find(number(2), 1500), nullptr);
  EXPECT_EQ(chains.find(number(1), 2061), nullptr);
  EXPECT_EQ(chains.size(), 0u);
}

TEST(VerifiedChains, HasALimit) {
  VerifiedChains chains;
  for (std::size_t i = 0; i < VerifiedChains::most + 100; ++i) {
    chains.keep(number(i), {"a", 1000, 2000});
    EXPECT_NE(chains.find(number(i), 1500), nullptr);
  }
  EXPECT_EQ(chains.size(), VerifiedChains::most);
}

TEST(VerifiedChains, DigestsAllThatIsShown) {
  const test::TestAuthority shop("shop.local");
  const test::Issued one = shop.issue_leaf("cart");
  const test::Issued two = shop.issue_leaf("cart");
  const CertificateListPtr none(sk_X509_new_null());
  const CertificateListPtr some(sk_X509_new_null());
  sk_X509_push(some.get(), two.certificate.get());
  const ChainDigest digest = digest_of(*one.certificate, none.get(), TlsRole::client);
  EXPECT_EQ(digest, digest_of(*one.certificate, none.get(), TlsRole::client));
  EXPECT_NE(digest, digest_of(*two.certificate, none.get(), TlsRole::client));
  EXPECT_NE(digest, digest_of(*one.certificate, some.get(), TlsRole::client));
  EXPECT_NE(digest, digest_of(*one.certificate, none.get(), TlsRole::server));
}

}  // namespace
}  // namespace skiff
