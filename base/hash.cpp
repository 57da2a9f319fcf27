#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace skiff {

std::uint64_t stable_hash(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace skiff
