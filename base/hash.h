#pragma once

#include <cstdint>
#include <string_view>

namespace skiff {

// A number for `text`, the same in every process and on every machine. Not for secrets.
// Source: Y. Collet, "XXH3", 64 bits.
std::uint64_t stable_hash(std::string_view text);

// Spreads a number over all 64 bits, so that each use of one hash can take bits of its own.
// Source: A. Appleby, "MurmurHash3", the final mix of its 64 bits.
inline std::uint64_t mix_hash(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccd;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

// Maps a number that is uniform over 64 bits to [0, bound), in order: a larger hash never maps to
// a smaller point.
inline std::uint64_t scale_hash(std::uint64_t hash, std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(hash) * bound) >> 64);
}

}  // namespace skiff
