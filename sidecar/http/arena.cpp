#include "sidecar/http/arena.h"

#include <algorithm>

namespace skiff {

Arena::Spare::~Spare() {
  while (first != nullptr) delete[] reinterpret_cast<char*>(std::exchange(first, first->next));
}

Arena::Spare& Arena::spare() {
  thread_local Spare all;
  return all;
}

Arena::Block* Arena::block_of(std::size_t size) {
  Spare& kept = spare();
  if (size == next_block && kept.first != nullptr) {
    --kept.count;
    return std::exchange(kept.first, kept.first->next);
  }
  return new (new char[sizeof(Block) + size]) Block{nullptr, size};
}

char* Arena::grow(std::size_t size, std::size_t align) {
  Block* const block = block_of(std::max(size + align, next_block));
  block->next = std::exchange(blocks_, block);
  at_ = reinterpret_cast<char*>(block + 1);
  end_ = at_ + block->size;
  return allocate(size, align);
}

void Arena::give_back() {
  Spare& kept = spare();
  while (blocks_ != nullptr) {
    Block* const block = std::exchange(blocks_, blocks_->next);
    if (block->size == next_block && kept.count < most_spare) {
      block->next = std::exchange(kept.first, block);
      ++kept.count;
    } else {
      delete[] reinterpret_cast<char*>(block);
    }
  }
}

}  // namespace skiff
