#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace skiff {

// Memory of one request: taken piece by piece, given back as a whole by reset().
// The first block stays, and each thread keeps a few of the next size for those who need more: a
// steady stream of ordinary requests never calls malloc.
// Destructors do not run: only for types that need none. Used by one thread.
class Arena final {
 public:
  static constexpr std::size_t first_block = 4096;
  static constexpr std::size_t next_block = 4 * first_block;  // Or what is asked for, if more.
  static constexpr std::size_t most_spare = 16;               // Of a thread.

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { reset(); }

  char* allocate(std::size_t size, std::size_t align = alignof(std::max_align_t)) {
    char* start = at_ + (-reinterpret_cast<std::uintptr_t>(at_) & (align - 1));
    if (size > static_cast<std::size_t>(end_ - start) || start > end_) return grow(size, align);
    at_ = start + size;
    return start;
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return new (allocate(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
  }

  template <typename T>
  T* make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>, "an arena runs no destructors");
    return new (allocate(sizeof(T) * count, alignof(T))) T[count];
  }

  std::string_view copy(std::string_view text) {
    char* to = allocate(text.size(), 1);
    if (!text.empty()) std::memcpy(to, text.data(), text.size());  // Its data() may be null.
    return {to, text.size()};
  }

  // All that was taken is gone.
  void reset() {
    if (blocks_ != nullptr) give_back();
    at_ = first_;
    end_ = first_ + first_block;
  }

 private:
  struct Block {
    Block* next;
    std::size_t size;  // Of what follows it.
  };
  struct Spare {  // A thread's.
    Block* first = nullptr;
    std::size_t count = 0;
    ~Spare();
  };

  static Spare& spare();
  static Block* block_of(std::size_t size);
  char* grow(std::size_t size, std::size_t align);
  void give_back();

  Block* blocks_ = nullptr;
  char* at_ = first_;
  char* end_ = first_ + first_block;
  alignas(std::max_align_t) char first_[first_block];
};

}  // namespace skiff
