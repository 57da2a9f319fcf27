#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "sidecar/transport/certificate_check.h"

namespace skiff {

using ChainDigest = std::array<unsigned char, 32>;  // SHA-256.

// Of all that a peer has shown, in its order, and of the role that it was checked for.
ChainDigest digest_of(const X509& leaf, const STACK_OF(X509) * chain, TlsRole role);

// Chains that TrustedRoots has verified, so that the signatures of a peer that comes again need not
// be checked again (its proof of the key must). Belongs to one set of roots, and goes with it. An
// entry is good for the life of its chain.
class VerifiedChains final {
 public:
  static constexpr std::size_t most = 1024;  // Then one makes room, whichever.

  // Null: not known, or its time is over.
  const Verified* find(const ChainDigest& chain, std::int64_t now);
  void keep(const ChainDigest& chain, const Verified& verified);

  std::size_t size() const { return chains_.size(); }

 private:
  struct Hash {
    std::size_t operator()(const ChainDigest& chain) const {
      std::size_t hash;  // A digest's bytes are as good as random.
      std::memcpy(&hash, chain.data(), sizeof hash);
      return hash;
    }
  };

  std::unordered_map<ChainDigest, Verified, Hash> chains_;
};

}  // namespace skiff
