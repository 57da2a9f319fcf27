#pragma once

#include <atomic>
#include <thread>

namespace skiff {

// A lock for a few instructions at a time that threads seldom want at once: taking it costs one
// locked instruction, giving it back a store. Who finds it taken spins, then lets others run.
// Not for what may block or call out. Meets BasicLockable, for std::lock_guard.
class ShortLock final {
 public:
  void lock() {
    unsigned spins = 0;
    while (taken_.exchange(true, std::memory_order_acquire)) {
      while (taken_.load(std::memory_order_relaxed)) {
        if (++spins % spins_before_yield == 0) std::this_thread::yield();
      }
    }
  }
  void unlock() { taken_.store(false, std::memory_order_release); }

 private:
  static constexpr unsigned spins_before_yield = 64;

  std::atomic<bool> taken_ = false;
};

}  // namespace skiff
