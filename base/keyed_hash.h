#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skiff {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  bool operator==(const Hash128&) const = default;
};

// A function of text that nobody outside can know, for tables whose keys strangers write: they can
// find no two texts with the same hash. Each object is another function. Immutable.
// Source: Y. Collet, "XXH3", 128 bits, with a secret of its own.
class KeyedHash final {
 public:
  KeyedHash();

  Hash128 operator()(std::string_view text) const;

 private:
  std::array<unsigned char, 192> secret_;
};

}  // namespace skiff
