#include "sidecar/transport/verified_chains.h"

namespace skiff {
namespace {

void add(EVP_MD_CTX& sum, const X509& certificate) {
  ChainDigest digest{};
  X509_digest(&certificate, EVP_sha256(), digest.data(), nullptr);
  EVP_DigestUpdate(&sum, digest.data(), digest.size());
}

}  // namespace

ChainDigest digest_of(const X509& leaf, const STACK_OF(X509) * chain, TlsRole role) {
  const std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> sum(EVP_MD_CTX_new());
  EVP_DigestInit_ex(sum.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(sum.get(), &role, sizeof role);
  add(*sum, leaf);
  for (int i = 0; i < sk_X509_num(chain); ++i) add(*sum, *sk_X509_value(chain, i));
  ChainDigest digest{};
  EVP_DigestFinal_ex(sum.get(), digest.data(), nullptr);
  return digest;
}

const Verified* VerifiedChains::find(const ChainDigest& chain, std::int64_t now) {
  const auto found = chains_.find(chain);
  if (found == chains_.end()) return nullptr;
  if (is_current(found->second, now)) return &found->second;
  chains_.erase(found);
  return nullptr;
}

void VerifiedChains::keep(const ChainDigest& chain, const Verified& verified) {
  if (chains_.size() >= most && !chains_.contains(chain)) chains_.erase(chains_.begin());
  chains_.insert_or_assign(chain, verified);
}

}  // namespace skiff
