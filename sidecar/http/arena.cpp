#include "sidecar/http/arena.h"

#include <algorithm>

namespace skiff {

char* Arena::grow(std::size_t size, std::size_t align) {
  const std::size_t usable = std::max(size + align, 4 * first_block);
  auto* block = new (new char[sizeof(Block) + usable]) Block{blocks_};
  blocks_ = block;
  at_ = reinterpret_cast<char*>(block + 1);
  end_ = at_ + usable;
  return allocate(size, align);
}

}  // namespace skiff
