#include "base/keyed_hash.h"

#include <openssl/rand.h>

#include <cstdlib>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace skiff {

KeyedHash::KeyedHash() {
  if (RAND_bytes(secret_.data(), static_cast<int>(secret_.size())) != 1) std::abort();
}

Hash128 KeyedHash::operator()(std::string_view text) const {
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(text.data(), text.size(), secret_.data(), secret_.size());
  return {hash.low64, hash.high64};
}

}  // namespace skiff
