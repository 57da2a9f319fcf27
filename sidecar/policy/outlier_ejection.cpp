#include "sidecar/policy/outlier_ejection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace skiff {
namespace {

using Ticket = Admission::Ticket;

constexpr double most_jitter = 0.1;  // Of an ejection; beyond it.
constexpr TimePoint::rep never = std::numeric_limits<TimePoint::rep>::max();

std::string text_of(Duration time) { return to_text(std::chrono::ceil<Milliseconds>(time)); }

}  // namespace

// One endpoint. Its ticket is how often its state had changed when a call was sent.
class OutlierEjection::Watch final : public Admission {
 public:
  Watch(OutlierEjection& owner, std::string_view address) : owner_(owner), address_(address) {}

  Result<Ticket, Error> admit(TimePoint) override {
    under_way_.fetch_add(1, std::memory_order_relaxed);
    return changes_.load(std::memory_order_relaxed);
  }
  void answered(Ticket ticket, Outcome outcome, Duration, TimePoint now) override {
    if (outcome != Outcome::neutral) {
      owner_.record(*this, ticket, outcome == Outcome::failure, now);
    }
  }
  void released(Ticket, TimePoint) override { under_way_.fetch_sub(1, std::memory_order_release); }

  const std::string& address() const { return address_; }
  bool is_used() const { return under_way_.load(std::memory_order_acquire) > 0; }
  bool is_available() const { return is_healthy && !is_ejected; }
  bool is_news(Ticket ticket) const { return ticket == changes_.load(std::memory_order_relaxed); }
  void changed() {
    changes_.fetch_add(1, std::memory_order_relaxed);
    in_a_row = 0;
  }

  // All guarded by the owner's mutex.
  bool is_member = false;
  bool is_healthy = true;
  bool is_ejected = false;
  std::uint32_t in_a_row = 0;  // Failures.
  std::uint32_t calls = 0;     // Since success rates were looked at last.
  std::uint32_t failed = 0;
  std::uint32_t times_ejected = 0;
  TimePoint back_at{};  // When it will be, or was last.

 private:
  OutlierEjection& owner_;
  const std::string address_;
  std::atomic<Ticket> changes_ = 1;
  std::atomic<std::uint32_t> under_way_ = 0;
};

OutlierEjection::OutlierEjection(const OutlierEjectionConfig& config, std::string subject,
                                 std::uint64_t seed, OnPolicyEvent tell, TimePoint now)
    : subject_(std::move(subject)),
      tell_(std::move(tell)),
      next_return_(never),
      config_(config),
      random_(seed),
      rates_at_(now + config.interval) {}

OutlierEjection::~OutlierEjection() = default;

// ---- Who there is

OutlierEjection::Watch& OutlierEjection::watch_of(std::string_view address) {
  const auto found = watches_.find(address);
  if (found != watches_.end()) return *found->second;
  return *watches_.emplace(address, std::make_shared<Watch>(*this, address)).first->second;
}

std::shared_ptr<Admission> OutlierEjection::watch(const std::string& address) {
  const std::lock_guard lock(mutex_);
  watch_of(address);
  return watches_.find(address)->second;
}

void OutlierEjection::set_endpoints(const EndpointSpecs& specs) {
  const std::lock_guard lock(mutex_);
  if (specs == specs_) return;
  specs_ = specs;
  for (const auto& [address, watch] : watches_) watch->is_member = false;
  for (const KnownEndpoint& endpoint : specs) {
    if (endpoint.weight > 0) watch_of(std::string(endpoint.address)).is_member = true;
  }
  members_ = 0;
  for (auto at = watches_.begin(); at != watches_.end();) {
    Watch& watch = *at->second;
    if (watch.is_member) {
      ++members_;
    } else {  // Should it come again, it begins anew.
      watch.is_healthy = true;
      if (std::exchange(watch.is_ejected, false)) watch.changed();
      watch.in_a_row = watch.times_ejected = 0;
    }
    const bool is_held = at->second.use_count() > 1 || watch.is_used();
    at = watch.is_member || is_held ? std::next(at) : watches_.erase(at);
  }
  recount();
  find_next_return();
  version_.fetch_add(1, std::memory_order_release);
}

void OutlierEjection::set_healthy(std::string_view address, bool healthy) {
  const std::lock_guard lock(mutex_);
  const auto found = watches_.find(address);
  if (found == watches_.end() || !found->second->is_member) return;
  count(*found->second, -1);
  found->second->is_healthy = healthy;
  count(*found->second, 1);
}

void OutlierEjection::count(const Watch& watch, int by) {
  if (watch.is_available()) available_ += static_cast<std::size_t>(by);
  if (works(watch)) working_ += static_cast<std::size_t>(by);
}

void OutlierEjection::set_row(Watch& watch, std::uint32_t failures) {
  if (watch.in_a_row == failures) return;
  count(watch, -1);
  watch.in_a_row = failures;
  count(watch, 1);
}

void OutlierEjection::recount() {
  available_ = working_ = 0;
  for (const auto& [address, watch] : watches_) {
    if (watch->is_member) count(*watch, 1);
  }
}

// ---- What becomes of them

void OutlierEjection::record(Watch& watch, Ticket ticket, bool failed, TimePoint now) {
  Changes changes;
  {
    const std::lock_guard lock(mutex_);
    if (now >= rates_at_) look_at_rates(now, changes);
    if (watch.is_member && !watch.is_ejected && watch.is_news(ticket)) {
      ++watch.calls;
      if (failed) ++watch.failed;
      set_row(watch, failed ? watch.in_a_row + 1 : 0);
      if (config_.consecutive_failures > 0 && watch.in_a_row >= config_.consecutive_failures) {
        failed_in_a_row(watch, now, changes);
      }
    }
  }
  tell(changes);
}

// Not known to fail at every call.
bool OutlierEjection::works(const Watch& watch) const {
  return watch.is_available() && watch.in_a_row < config_.consecutive_failures;
}

void OutlierEjection::failed_in_a_row(Watch& watch, TimePoint now, Changes& changes) {
  if (working_ > 0) {
    eject(watch, fmt::format("{} failures in a row", watch.in_a_row), now, changes);
    return;
  }
  if (next_return_.load(std::memory_order_relaxed) == never) return;
  for (const auto& [address, other] : watches_) {
    if (!other->is_ejected || !other->is_member) continue;
    take_back(*other, "those that stay do not work either", now, changes);
    set_row(*other, config_.consecutive_failures);  // Until it works once.
  }
  find_next_return();
}

bool OutlierEjection::may_eject(const Watch& watch) const {
  const double share = std::ceil(config_.min_healthy.value * static_cast<double>(members_));
  const auto least = std::max<std::size_t>(1, static_cast<std::size_t>(share));
  return available_ >= least + (watch.is_available() ? 1 : 0);
}

bool OutlierEjection::eject(Watch& watch, const std::string& why, TimePoint now, Changes& changes) {
  if (!may_eject(watch)) return false;
  const auto good = std::max<Duration>(now - watch.back_at, Duration::zero()) / config_.interval;
  watch.times_ejected -= static_cast<std::uint32_t>(
      std::min<std::int64_t>(watch.times_ejected, static_cast<std::int64_t>(good)));
  ++watch.times_ejected;
  const Duration most = config_.max_ejection_time;
  const Duration time = std::min<Duration>(config_.base_ejection_time * watch.times_ejected, most);
  const double jitter = random_.unit() * most_jitter * static_cast<double>(time.count());
  count(watch, -1);
  watch.is_ejected = true;
  watch.back_at = now + time + Duration(static_cast<Duration::rep>(jitter));
  watch.changed();
  changes.push_back({watch.address(), true,
                     fmt::format("{}; {} of {} endpoints stay; back in {}", why, available_,
                                 members_, text_of(watch.back_at - now))});
  find_next_return();
  version_.fetch_add(1, std::memory_order_release);
  return true;
}

void OutlierEjection::take_back(Watch& watch, const std::string& why, TimePoint now,
                                Changes& changes) {
  watch.is_ejected = false;
  watch.back_at = now;
  watch.changed();
  if (watch.is_member) count(watch, 1);
  changes.push_back({watch.address(), false, why});
  version_.fetch_add(1, std::memory_order_release);
}

void OutlierEjection::look(TimePoint now) {
  Changes changes;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [address, watch] : watches_) {
      if (!watch->is_ejected || watch->back_at > now) continue;
      take_back(*watch, fmt::format("its time is over (ejection {})", watch->times_ejected), now,
                changes);
    }
    find_next_return();
  }
  tell(changes);
}

void OutlierEjection::find_next_return() {
  TimePoint::rep next = never;
  for (const auto& [address, watch] : watches_) {
    if (watch->is_ejected) next = std::min(next, watch->back_at.time_since_epoch().count());
  }
  next_return_.store(next, std::memory_order_relaxed);
}

// ---- Success rates

void OutlierEjection::look_at_rates(TimePoint now, Changes& changes) {
  struct Rated {
    Watch* watch;
    double rate;
  };
  std::vector<Rated> all;
  for (const auto& [address, watch] : watches_) {
    if (!watch->is_member || watch->is_ejected) continue;
    if (watch->calls < config_.success_rate_min_requests) continue;
    all.push_back({watch.get(), 1.0 - static_cast<double>(watch->failed) / watch->calls});
  }
  forget_results(now);
  if (config_.success_rate_deviations_tenths == 0) return;
  if (all.size() < config_.success_rate_min_endpoints) return;
  const auto size = static_cast<double>(all.size());
  double mean = 0;
  double variance = 0;
  for (const Rated& one : all) mean += one.rate / size;
  for (const Rated& one : all) variance += (one.rate - mean) * (one.rate - mean) / size;
  const double least = mean - std::sqrt(variance) * config_.success_rate_deviations_tenths / 10.0;
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.rate < b.rate; });
  for (const Rated& one : all) {
    if (one.rate >= least) return;
    const std::string why =
        fmt::format("{:.1f}% succeeded, less than {:.1f}% (mean {:.1f}% of {} endpoints)",
                    100 * one.rate, 100 * least, 100 * mean, all.size());
    if (!eject(*one.watch, why, now, changes)) return;
  }
}

void OutlierEjection::forget_results(TimePoint now) {
  for (const auto& [address, watch] : watches_) watch->calls = watch->failed = 0;
  rates_at_ = now + config_.interval;
}

// ---- What an operator changes and sees

void OutlierEjection::configure(const OutlierEjectionConfig& config, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (config == config_) return;
  config_ = config;
  for (const auto& [address, watch] : watches_) {
    if (watch->is_ejected) {
      watch->back_at = std::min<TimePoint>(watch->back_at, now + config.max_ejection_time);
    }
  }
  rates_at_ = std::min<TimePoint>(rates_at_, now + config.interval);
  recount();
  find_next_return();
}

void OutlierEjection::turn_off(TimePoint now) {
  Changes changes;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [address, watch] : watches_) {
      if (watch->is_ejected) {
        take_back(*watch, "its policy is not in force any more", now, changes);
      }
      watch->in_a_row = watch->times_ejected = 0;
    }
    recount();
    forget_results(now);
    find_next_return();
  }
  tell(changes);
}

std::vector<std::string> OutlierEjection::ejected() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [address, watch] : watches_) {
    if (watch->is_ejected) all.push_back(address);
  }
  return all;
}

void OutlierEjection::visit(const Visit& visit, TimePoint now) const {
  std::vector<std::pair<std::string, Figures>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [address, watch] : watches_) {
      if (!watch->is_member) continue;
      all.emplace_back(
          address, Figures{.ejected = watch->is_ejected,
                           .failures_in_a_row = watch->in_a_row,
                           .times_ejected = watch->times_ejected,
                           .back_in = watch->is_ejected ? std::max<Duration>(watch->back_at - now,
                                                                             Duration::zero())
                                                        : Duration::zero()});
    }
  }
  for (const auto& [address, figures] : all) visit(address, figures);
}

void OutlierEjection::tell(const Changes& changes) const {
  if (!tell_) return;
  for (const Change& change : changes) {
    const std::string subject = subject_ + " " + change.address;
    tell_({.policy = "outlier_ejection",
           .subject = subject,
           .from = change.ejected ? "in" : "ejected",
           .to = change.ejected ? "ejected" : "in",
           .why = change.why});
  }
}

}  // namespace skiff
