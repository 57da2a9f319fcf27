#pragma once

#include <atomic>
#include <cstdint>

namespace skiff {

// A number that one thread writes and any thread reads. Because there is one writer, a load and a
// store do instead of a locked instruction. Readers may see the values of several counters at
// slightly different times.
class Counter final {
 public:
  // Owner only.
  void add(std::uint64_t by = 1) { store(get() + by); }
  void subtract(std::uint64_t by = 1) { store(get() - by); }
  void store(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }

  // Any thread.
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

}  // namespace skiff
