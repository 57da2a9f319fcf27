#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace skiff {

// Lines on their way from one thread, which pushes and never waits, to another, which takes. Holds
// whole lines only. Untouched memory of it costs nothing.
// Source: the single-producer ring of L. Lamport, "Proving the Correctness of Multiprocess
// Programs" (1977).
class LineBuffer final {
 public:
  // `capacity` in bytes; a power of two.
  explicit LineBuffer(std::size_t capacity)
      : capacity_(std::bit_ceil(capacity)),
        bytes_(std::make_unique_for_overwrite<char[]>(capacity_)) {}

  // Producer only. False: there is no room, and nothing was taken of it.
  bool push(std::string_view line) {
    const std::uint64_t end = end_.load(std::memory_order_relaxed);
    const std::uint64_t begin = begin_.load(std::memory_order_acquire);
    if (line.size() > capacity_ - (end - begin)) return false;
    const std::size_t at = end & (capacity_ - 1);
    const std::size_t first = std::min(line.size(), capacity_ - at);
    std::memcpy(bytes_.get() + at, line.data(), first);
    std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
    end_.store(end + line.size(), std::memory_order_release);
    return true;
  }

  // Consumer only. Moves all lines to the end of `out`.
  void take(std::string& out) {
    const std::uint64_t begin = begin_.load(std::memory_order_relaxed);
    const std::uint64_t end = end_.load(std::memory_order_acquire);
    const std::size_t at = begin & (capacity_ - 1);
    const std::size_t size = end - begin;
    const std::size_t first = std::min(size, capacity_ - at);
    out.append(bytes_.get() + at, first);
    out.append(bytes_.get(), size - first);
    begin_.store(end, std::memory_order_release);
  }

 private:
  const std::size_t capacity_;
  const std::unique_ptr<char[]> bytes_;
  alignas(64) std::atomic<std::uint64_t> begin_ = 0;  // Bytes ever taken; the consumer's.
  alignas(64) std::atomic<std::uint64_t> end_ = 0;    // Bytes ever pushed; the producer's.
};

}  // namespace skiff
