#include "sidecar/policy/circuit_breaker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <utility>

namespace skiff {
namespace {

using Ticket = Admission::Ticket;

// A ticket: epoch, what is known of the call, the slot of its begin.
constexpr unsigned slot_bits = 37;
constexpr unsigned epoch_shift = 40;
constexpr Ticket trial = Ticket{1} << 37;
constexpr Ticket timed = Ticket{1} << 38;    // Among those in flight, until it is overdue.
constexpr Ticket overdue = Ticket{1} << 39;  // Counted as slow already.
constexpr Ticket untracked = 0;
constexpr Ticket refused = ~Ticket{0};
constexpr Ticket last_epoch = (refused >> epoch_shift) - 1;  // The first is 1: no ticket is these.

constexpr std::uint64_t whole = 1'000'000;
constexpr double most_jitter = 0.1;  // Of the wait; beyond it, since it lasts as long at least.

Ticket slot_of(Ticket ticket) { return ticket & ((Ticket{1} << slot_bits) - 1); }

std::uint64_t millionths(Ratio ratio) {
  return static_cast<std::uint64_t>(std::llround(ratio.value * static_cast<double>(whole)));
}

bool reaches(std::uint32_t count, std::uint32_t calls, std::uint64_t share) {
  return count > 0 && count * whole >= calls * share;
}

std::string text_of(Duration time) { return to_text(std::chrono::ceil<Milliseconds>(time)); }

bool have_same_form(const CircuitBreakerConfig& one, const CircuitBreakerConfig& other) {
  return one.sliding_window_type == other.sliding_window_type &&
         one.sliding_window_size == other.sliding_window_size &&
         one.sliding_window_duration == other.sliding_window_duration;
}

constexpr std::array<std::string_view, 3> state_names{"closed", "open", "half_open"};
constexpr std::array<std::string_view, 4> mode_names{"AUTOMATIC", "FORCED_OPEN", "METRICS_ONLY",
                                                     "DISABLED"};
// As a state.
constexpr std::array<std::string_view, 4> mode_states{"automatic", "forced_open", "metrics_only",
                                                      "disabled"};

}  // namespace

CircuitBreaker::CircuitBreaker(const CircuitBreakerConfig& config, std::string subject,
                               std::uint64_t seed, OnPolicyEvent tell, TimePoint now)
    : subject_(std::move(subject)),
      tell_(std::move(tell)),
      config_(config),
      random_(seed),
      window_(config, now),
      in_flight_(config.slow_call_duration_threshold, now),
      failed_share_(millionths(config.failure_rate_threshold)),
      slow_share_(millionths(config.slow_call_rate_threshold)),
      since_(now) {
  begin_epoch();
}

Result<Ticket, Error> CircuitBreaker::admit(TimePoint now) {
  Ticket ticket = for_all_.load(std::memory_order_relaxed);
  if (ticket != 0) return ticket;
  MaybeChange change;
  {
    const std::lock_guard lock(lock_);
    ticket = try_admit(now, change);
  }
  tell(change);
  if (ticket == refused) return Error{.kind = ErrorKind::circuit_open, .unprocessed = true};
  return ticket;
}

Ticket CircuitBreaker::try_admit(TimePoint now, MaybeChange& change) {
  if (mode_ == BreakerMode::forced_open) return refused;
  if (mode_ == BreakerMode::disabled) return untracked;
  look_for_overdue(now, change);
  if (state_ == State::closed) return make_ticket();
  if (state_ == State::open) {
    if (now < open_until_) return refused;
    enter(State::half_open, Cause::wait_over, now, change);
  }
  return takes_trial(now) ? make_ticket() | trial : refused;
}

// Trials that were given up make room for others. While one that succeeded goes on (its body
// flows), one that was given up may stay unnoticed: there are fewer trials, never more.
bool CircuitBreaker::takes_trial(TimePoint now) {
  if (now >= trials_renewed_) {
    begin_epoch();
    begin_trials(now);
  }
  const std::uint32_t given_up = trials_released_ - std::min(trials_released_, trials_good_);
  if (trials_ - given_up >= trials_at_once_) return false;
  ++trials_;
  return true;
}

Ticket CircuitBreaker::make_ticket() {
  const Ticket ticket = epoch_ << epoch_shift;
  return times_calls() ? ticket | timed | slot_of(in_flight_.begin()) : ticket;
}

bool CircuitBreaker::is_current(Ticket ticket) const { return ticket >> epoch_shift == epoch_; }

Duration CircuitBreaker::retry_after(TimePoint now) const {
  const std::lock_guard lock(lock_);
  if (mode_ == BreakerMode::forced_open) return config_.wait_duration_in_open_state;
  return state_ == State::open ? std::max(open_until_ - now, Duration::zero()) : Duration::zero();
}

Ticket CircuitBreaker::heard(Ticket ticket, TimePoint now) {
  if ((ticket & timed) == 0) return ticket;
  MaybeChange change;
  {
    const std::lock_guard lock(lock_);
    look_for_overdue(now, change);
    if (is_current(ticket)) {
      if (in_flight_.is_overdue(slot_of(ticket))) {
        ticket |= overdue;
      } else {
        in_flight_.end(slot_of(ticket));
      }
    }
  }
  tell(change);
  return ticket & ~timed;
}

void CircuitBreaker::answered(Ticket ticket, Outcome outcome, Duration latency, TimePoint now) {
  if (ticket == untracked || outcome == Outcome::neutral) return;
  MaybeChange change;
  {
    const std::lock_guard lock(lock_);
    look_for_overdue(now, change);
    const bool slow = times_calls() && latency > config_.slow_call_duration_threshold;
    if (is_current(ticket)) record(ticket, outcome == Outcome::failure, slow, now, change);
  }
  tell(change);
}

void CircuitBreaker::released(Ticket ticket, TimePoint) {
  if ((ticket & (timed | trial)) == 0) return;
  const std::lock_guard lock(lock_);
  if (!is_current(ticket)) return;
  if ((ticket & timed) != 0 && !in_flight_.is_overdue(slot_of(ticket))) {
    in_flight_.end(slot_of(ticket));
  }
  if ((ticket & trial) != 0) ++trials_released_;
}

void CircuitBreaker::look_for_overdue(TimePoint now, MaybeChange& change) {
  if (!times_calls()) return;
  const std::uint32_t count = in_flight_.take_overdue(now);
  if (count == 0) return;
  if (state_ == State::half_open) return open(Cause::trial_slow, now, change);
  window_.add_overdue(count, now);
  judge(now, change);
}

void CircuitBreaker::record(Ticket ticket, bool failed, bool slow, TimePoint now,
                            MaybeChange& change) {
  failures_in_a_row_ = failed ? failures_in_a_row_ + 1 : 0;
  if (state_ == State::half_open) return record_trial(failed, slow, now, change);
  const bool is_counted =
      (ticket & overdue) != 0 || ((ticket & timed) != 0 && in_flight_.is_overdue(slot_of(ticket)));
  is_counted ? window_.settle(failed, now) : window_.add(failed, slow, now);
  judge(now, change);
}

void CircuitBreaker::record_trial(bool failed, bool slow, TimePoint now, MaybeChange& change) {
  if (failed) return open(Cause::trial_failed, now, change);
  if (slow) return open(Cause::trial_slow, now, change);
  const std::uint32_t all = config_.permitted_number_of_calls_in_half_open_state;
  if (++trials_good_ >= all) return enter(State::closed, Cause::trials_good, now, change);
  if (trials_good_ == trials_at_once_) trials_at_once_ = std::min(all, 2 * trials_at_once_ + 1);
}

// Closed: is it time to open?
void CircuitBreaker::judge(TimePoint now, MaybeChange& change) {
  if (mode_ == BreakerMode::metrics_only) return;
  if (config_.consecutive_failures > 0 && failures_in_a_row_ >= config_.consecutive_failures) {
    return open(Cause::calls_in_a_row, now, change);
  }
  const CallCounts counts = window_.counts(now);
  if (counts.calls < config_.minimum_number_of_calls) return;
  if (reaches(counts.failed, counts.calls, failed_share_)) {
    return open(Cause::failed_calls, now, change);
  }
  if (times_calls() && reaches(counts.slow, counts.calls, slow_share_)) {
    open(Cause::slow_calls, now, change);
  }
}

void CircuitBreaker::open(Cause cause, TimePoint now, MaybeChange& change) {
  if (state_ == State::half_open) ++reopened_;
  Duration wait = config_.wait_duration_in_open_state;
  const Duration most = config_.max_wait_duration_in_open_state;
  for (std::uint32_t i = 0; i < reopened_ && wait < most; ++i) wait *= 2;
  wait = std::min(wait, most);
  const double jitter = random_.unit() * most_jitter * static_cast<double>(wait.count());
  open_until_ = now + wait + Duration(static_cast<Duration::rep>(jitter));
  enter(State::open, cause, now, change);
}

void CircuitBreaker::enter(State next, Cause cause, TimePoint now, MaybeChange& change) {
  change = Change{.from = name(),
                  .to = {},
                  .cause = cause,
                  .counts = window_.counts(now),
                  .in_a_row = failures_in_a_row_,
                  .wait = state_ == State::open ? now - since_ : Duration::zero()};
  state_ = next;
  since_ = now;
  begin_epoch();
  if (next == State::open) change->wait = open_until_ - now;
  if (next == State::half_open) begin_trials(now);
  if (next == State::closed) {
    window_.forget(now);
    failures_in_a_row_ = 0;
    reopened_ = 0;
  }
  change->to = name();
}

void CircuitBreaker::begin_trials(TimePoint now) {
  trials_at_once_ = config_.ramp ? 1 : config_.permitted_number_of_calls_in_half_open_state;
  trials_ = trials_good_ = trials_released_ = 0;
  trials_renewed_ = now + config_.wait_duration_in_open_state;
}

// Calls that were admitted before do not count any more.
void CircuitBreaker::begin_epoch() {
  epoch_ = epoch_ == last_epoch ? 1 : epoch_ + 1;
  in_flight_.forget();
  const bool counts = mode_ == BreakerMode::automatic || mode_ == BreakerMode::metrics_only;
  const bool lets_all_through = counts && state_ == State::closed && !times_calls();
  for_all_.store(lets_all_through ? epoch_ << epoch_shift : 0, std::memory_order_relaxed);
}

void CircuitBreaker::configure(const CircuitBreakerConfig& config, TimePoint now) {
  CallWindow window(config, now);  // Made, and the old one destroyed, outside the lock.
  const std::lock_guard lock(lock_);
  if (config == config_) return;
  if (!have_same_form(config, config_)) std::swap(window_, window);
  config_ = config;
  failed_share_ = millionths(config.failure_rate_threshold);
  slow_share_ = millionths(config.slow_call_rate_threshold);
  in_flight_ = CallsInFlight(config.slow_call_duration_threshold, now);
  begin_epoch();
  begin_trials(now);
  open_until_ = std::min(open_until_, now + config.max_wait_duration_in_open_state);
}

void CircuitBreaker::turn_off(TimePoint now) {
  MaybeChange change;
  {
    const std::lock_guard lock(lock_);
    enter(State::closed, Cause::turned_off, now, change);
  }
  tell(change);
}

void CircuitBreaker::set_mode(BreakerMode mode, TimePoint now) {
  MaybeChange change;
  {
    const std::lock_guard lock(lock_);
    if (mode == mode_) return;
    const std::string_view from = name();
    mode_ = mode;
    enter(State::closed, Cause::operator_said, now, change);
    change->from = from;
  }
  tell(change);
}

CircuitBreaker::Status CircuitBreaker::status(TimePoint now) {
  const std::lock_guard lock(lock_);
  const bool is_open = mode_ == BreakerMode::automatic && state_ == State::open;
  return {.state = name(),
          .mode = mode_,
          .counts = window_.counts(now),
          .failures_in_a_row = failures_in_a_row_,
          .reopened = reopened_,
          .since = std::max(now - since_, Duration::zero()),
          .next_trial =
              is_open ? std::max<Duration>(open_until_ - now, Duration::zero()) : Duration::zero()};
}

std::string_view CircuitBreaker::name() const {
  return mode_ == BreakerMode::automatic ? to_text(state_)
                                         : mode_states[static_cast<std::size_t>(mode_)];
}

void CircuitBreaker::tell(const MaybeChange& change) const {
  if (!change || !tell_ || change->from == change->to) return;
  tell_({.policy = "circuit_breaker",
         .subject = subject_,
         .from = change->from,
         .to = change->to,
         .why = reason_of(*change)});
}

std::string CircuitBreaker::reason_of(const Change& change) const {
  const CallCounts& counts = change.counts;
  const auto share = [&](std::uint32_t count) { return 100.0 * count / counts.calls; };
  const std::string wait = text_of(change.wait);
  switch (change.cause) {
    case Cause::failed_calls:
      return fmt::format("{} of {} calls failed ({:.1f}%); next trial in {}", counts.failed,
                         counts.calls, share(counts.failed), wait);
    case Cause::slow_calls:
      return fmt::format("{} of {} calls were slow ({:.1f}%); next trial in {}", counts.slow,
                         counts.calls, share(counts.slow), wait);
    case Cause::calls_in_a_row:
      return fmt::format("{} calls in a row failed; next trial in {}", change.in_a_row, wait);
    case Cause::wait_over:
      return fmt::format("{} are over", wait);
    case Cause::trials_good:
      return "all trial calls succeeded";
    case Cause::trial_failed:
      return fmt::format("a trial call failed; next trial in {}", wait);
    case Cause::trial_slow:
      return fmt::format("a trial call was slow; next trial in {}", wait);
    case Cause::turned_off:
      return "its policy is not in force any more";
    case Cause::operator_said:
      break;
  }
  return "an operator said so";
}

std::string_view to_text(CircuitBreaker::State state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string_view to_text(BreakerMode mode) { return mode_names[static_cast<std::size_t>(mode)]; }

std::optional<BreakerMode> find_breaker_mode(std::string_view text) {
  const auto found = std::find(mode_names.begin(), mode_names.end(), text);
  if (found == mode_names.end()) return std::nullopt;
  return static_cast<BreakerMode>(found - mode_names.begin());
}

}  // namespace skiff
