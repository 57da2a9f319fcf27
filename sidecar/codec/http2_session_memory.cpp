#include "sidecar/codec/http2_session_memory.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace skiff {
namespace {

// In front of every block that is handed out.
struct alignas(std::max_align_t) BlockHead {
  std::size_t size = 0;  // Bytes behind it.
  BlockHead* next = nullptr;
};

constexpr std::size_t smallest = 64;
constexpr std::size_t largest = 1024;
constexpr std::size_t most_kept = std::size_t{256} * 1024;

class SpareBlocks final {
 public:
  SpareBlocks() = default;
  SpareBlocks(const SpareBlocks&) = delete;
  SpareBlocks& operator=(const SpareBlocks&) = delete;
  ~SpareBlocks() {
    for (BlockHead*& first : spare_)
      while (first != nullptr) std::free(std::exchange(first, first->next));
  }

  void* take(std::size_t size) {
    if (size > largest) return fresh(size);
    size = std::max(std::bit_ceil(size), smallest);
    BlockHead*& first = spare_[index_of(size)];
    if (first == nullptr) return fresh(size);
    kept_ -= size;
    return std::exchange(first, first->next) + 1;
  }

  void give_back(void* memory) {
    if (memory == nullptr) return;
    BlockHead* const block = head_of(memory);
    if (block->size > largest || kept_ + block->size > most_kept) return std::free(block);
    kept_ += block->size;
    BlockHead*& first = spare_[index_of(block->size)];
    block->next = first;
    first = block;
  }

  void* resize(void* memory, std::size_t size) {
    if (memory == nullptr) return take(size);
    const std::size_t had = head_of(memory)->size;
    if (size <= had) return memory;
    void* const larger = take(size);
    if (larger == nullptr) return nullptr;
    std::memcpy(larger, memory, had);
    give_back(memory);
    return larger;
  }

 private:
  static BlockHead* head_of(void* memory) { return static_cast<BlockHead*>(memory) - 1; }
  static std::size_t index_of(std::size_t size) {
    return static_cast<std::size_t>(std::countr_zero(size) - std::countr_zero(smallest));
  }
  static void* fresh(std::size_t size) {
    void* const memory = std::malloc(sizeof(BlockHead) + size);
    if (memory == nullptr) return nullptr;
    return new (memory) BlockHead{.size = size} + 1;
  }

  BlockHead* spare_[5] = {};  // Of 64, 128, 256, 512 and 1024 bytes.
  std::size_t kept_ = 0;
};

SpareBlocks& blocks() {
  thread_local SpareBlocks blocks_of_thread;
  return blocks_of_thread;
}

}  // namespace

nghttp2_mem* http2_memory() {
  static nghttp2_mem memory{
      nullptr, [](std::size_t size, void*) { return blocks().take(size); },
      [](void* at, void*) { blocks().give_back(at); },
      [](std::size_t count, std::size_t size, void*) -> void* {
        void* const at = blocks().take(count * size);  // nghttp2's own, small numbers.
        return at == nullptr ? nullptr : std::memset(at, 0, count * size);
      },
      [](void* at, std::size_t size, void*) { return blocks().resize(at, size); }};
  return &memory;
}

}  // namespace skiff
