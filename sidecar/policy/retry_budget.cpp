#include "sidecar/policy/retry_budget.h"

#include <mutex>

namespace skiff {

RetryBudget::RetryBudget(const RetryBudgetConfig& config)
    : config_(config), part_length_(Duration(config.window) / parts) {}

void RetryBudget::configure(const RetryBudgetConfig& config) {
  const std::lock_guard guard(lock_);
  const bool anew = config.window != config_.window;
  config_ = config;
  if (!anew) return;
  part_length_ = Duration(config.window) / parts;
  forget();
}

bool RetryBudget::withdraw(TimePoint now) {
  const std::lock_guard guard(lock_);
  turn_to(now);
  if (allowance() == 0) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  ++parts_[current_].retries;
  granted_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

std::uint64_t RetryBudget::left(TimePoint now) {
  const std::lock_guard guard(lock_);
  turn_to(now);
  return allowance();
}

void RetryBudget::turn(TimePoint now) {
  const std::lock_guard guard(lock_);
  turn_to(now);
}

void RetryBudget::turn_to(TimePoint now) {
  TimePoint ends = turns_at_.load(std::memory_order_relaxed);
  if (now < ends) return;
  if (now - ends >= part_length_ * (parts + 1)) {  // Also the first time.
    forget();
    ends = now;
  }
  while (now >= ends) {
    parts_[current_].requests = requests_.exchange(0, std::memory_order_relaxed);
    current_ = (current_ + 1) % parts_.size();
    parts_[current_] = {};
    ends += part_length_;
  }
  turns_at_.store(ends, std::memory_order_relaxed);
}

void RetryBudget::forget() {
  parts_ = {};
  requests_.store(0, std::memory_order_relaxed);
  turns_at_.store({}, std::memory_order_relaxed);
}

// The part after the current one in the ring is the oldest: the window begins within it.
std::uint64_t RetryBudget::allowance() const {
  const Part& oldest = parts_[(current_ + 1) % parts_.size()];
  std::uint64_t requests = requests_.load(std::memory_order_relaxed);
  std::uint64_t retries = 0;
  for (const Part& part : parts_) {
    requests += part.requests;
    retries += part.retries;
  }
  requests -= oldest.requests;
  const auto window = std::chrono::duration<double>(config_.window).count();
  const double most =
      config_.ratio.value * static_cast<double>(requests) + config_.min_per_second * window;
  const auto allowed = static_cast<std::uint64_t>(most);
  return allowed > retries ? allowed - retries : 0;
}

}  // namespace skiff
