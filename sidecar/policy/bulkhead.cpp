#include "sidecar/policy/bulkhead.h"

#include <fmt/format.h>

#include <limits>
#include <mutex>
#include <utility>

namespace skiff {

using namespace std::chrono_literals;

namespace {

// Without a refusal for so long it has room again; so operators hear of it that seldom at most.
constexpr Duration calm = 10s;
constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Bulkhead::Bulkhead(std::string subject, const BulkheadLimitConfig& config, OnPolicyEvent tell)
    : subject_(std::move(subject)), tell_(std::move(tell)) {
  adapt_by(config);
  config_ = config;
  take_limit();
}

// ---- In

Bulkhead::Verdict Bulkhead::admit(BulkheadWaiter& waiter, Criticality criticality, TimePoint now) {
  BulkheadInbox* wake = nullptr;
  Change change = Change::none;
  Verdict verdict = Verdict::queued;
  {
    const std::lock_guard guard(lock_);
    if (take_free_slot()) return Verdict::granted;
    if (queue_.size() >= config_.max_queue) {
      change = shed(now);
      BulkheadWaiter* const lower = queue_.last_below(criticality, config_.order);
      if (lower == nullptr) {
        verdict = Verdict::full;
      } else {
        queue_.remove(*lower);
        if (lower->inbox_.put(*lower, false)) wake = &lower->inbox_;
      }
    }
    if (verdict == Verdict::queued) queue_.add(waiter, criticality);
  }
  if (wake != nullptr) wake->wake();
  tell(change);
  return verdict;
}

bool Bulkhead::give_up(BulkheadWaiter& waiter, TimePoint now) {
  Change change = Change::none;
  {
    const std::lock_guard guard(lock_);
    if (waiter.place_ != BulkheadWaiter::Place::queue) return false;
    queue_.remove(waiter);
    change = shed(now);
  }
  tell(change);
  return true;
}

// What is in the inbox was put there under this lock, and stays there until its own thread, which
// is this one, takes it.
void Bulkhead::leave(BulkheadWaiter& waiter, TimePoint now) {
  {
    const std::lock_guard guard(lock_);
    if (waiter.place_ == BulkheadWaiter::Place::queue) return queue_.remove(waiter);
  }
  if (waiter.place_ != BulkheadWaiter::Place::inbox) return;
  waiter.inbox_.remove(waiter);
  if (waiter.granted_) released(now);
}

// ---- Out

void Bulkhead::released(TimePoint now) {
  BulkheadInbox* wake = nullptr;
  Change change = Change::none;
  bool more = false;
  {
    const std::lock_guard guard(lock_);
    --in_use_;
    if (!queue_.empty()) {
      wake = serve_next();
      more = can_serve();
    }
    full_.store(in_use_ >= limit_, std::memory_order_relaxed);
    if (sheds_) change = look_for_room(now);
  }
  if (wake != nullptr) wake->wake();
  if (more) serve_all();
  if (change != Change::none) tell(change);
}

void Bulkhead::answered(Duration latency, TimePoint now) {
  bool more = false;
  {
    const std::lock_guard guard(lock_);
    if (adaptive_ == nullptr || !adaptive_->add(latency, in_use_, now)) return;
    take_limit();
    more = can_serve();
  }
  if (more) serve_all();
}

// Whom to wake, if anybody; under the lock.
BulkheadInbox* Bulkhead::serve_next() {
  if (!can_serve()) return nullptr;
  BulkheadWaiter& waiter = *queue_.next(config_.order);
  queue_.remove(waiter);
  ++in_use_;
  return waiter.inbox_.put(waiter, true) ? &waiter.inbox_ : nullptr;
}

// Who comes meanwhile is queued, as long as anybody waits, and served here too.
void Bulkhead::serve_all() {
  for (bool more = true; more;) {
    BulkheadInbox* wake = nullptr;
    {
      const std::lock_guard guard(lock_);
      wake = serve_next();
      more = can_serve();
      full_.store(in_use_ >= limit_, std::memory_order_relaxed);
    }
    if (wake != nullptr) wake->wake();
  }
}

// ---- Limits

void Bulkhead::configure(const std::optional<BulkheadLimitConfig>& config) {
  {
    const std::lock_guard guard(lock_);
    if (config.has_value()) {
      adapt_by(*config);
      config_ = *config;
    } else {
      adaptive_.reset();
      config_.max_concurrent = no_limit;
    }
    take_limit();
  }
  serve_all();
}

void Bulkhead::rename(std::string subject) {
  const std::lock_guard guard(lock_);
  subject_.swap(subject);
  sheds_ = false;
  if (adaptive_ != nullptr) {
    adaptive_.reset();
    adapt_by(config_);
    take_limit();
  }
}

void Bulkhead::adapt_by(const BulkheadLimitConfig& config) {
  if (!config.adaptive.has_value()) return adaptive_.reset();
  if (adaptive_ == nullptr) {
    adaptive_ = std::make_unique<AdaptiveLimit>(*config.adaptive, config.max_concurrent);
  } else {
    adaptive_->configure(*config.adaptive, config.max_concurrent);
  }
}

void Bulkhead::take_limit() {
  adapts_.store(adaptive_ != nullptr, std::memory_order_relaxed);
  limit_ = adaptive_ == nullptr ? config_.max_concurrent : adaptive_->limit();
  full_.store(in_use_ >= limit_, std::memory_order_relaxed);
}

Milliseconds Bulkhead::max_wait() const {
  const std::lock_guard guard(lock_);
  return config_.max_wait;
}

Bulkhead::Figures Bulkhead::figures() const {
  const std::lock_guard guard(lock_);
  return {in_use_, queue_.size(), limit_, adaptive_ != nullptr};
}

// ---- Events

Bulkhead::Change Bulkhead::shed(TimePoint now) {
  shed_last_ = now;
  ++shed_;
  return std::exchange(sheds_, true) ? Change::none : Change::full;
}

Bulkhead::Change Bulkhead::look_for_room(TimePoint now) {
  if (in_use_ >= limit_ || now - shed_last_ < calm) return Change::none;
  sheds_ = false;
  return Change::room;
}

void Bulkhead::tell(Change change) {
  if (change == Change::none) return;
  std::string subject;
  std::string why;
  {
    const std::lock_guard guard(lock_);
    subject = subject_;
    if (change == Change::full) {
      why = fmt::format("{} in flight of at most {}, {} wait", in_use_, limit_, queue_.size());
    } else {
      why = fmt::format("{} were shed, none for {}s", std::exchange(shed_, 0),
                        std::chrono::duration_cast<std::chrono::seconds>(calm).count());
    }
  }
  if (!tell_) return;
  const bool full = change == Change::full;
  tell_({"bulkhead", subject, full ? "room" : "full", full ? "full" : "room", std::move(why)});
}

}  // namespace skiff
