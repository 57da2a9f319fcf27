#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/short_lock.h"
#include "config/schema/circuit_breaker.h"
#include "sidecar/policy/admission.h"
#include "sidecar/policy/call_window.h"
#include "sidecar/policy/calls_in_flight.h"
#include "sidecar/policy/policy_event.h"

namespace skiff {

// Stops sending to a target that keeps failing or hangs, then tries it with a few trial calls.
//
//   closed -- too many calls of the window failed or were slow, or too many in a row failed -->
//   open open -- `waitDurationInOpenState`, doubled with every re-opening --> half_open half_open
//   -- all trial calls succeed --> closed      half_open -- one is bad --> open
//
// A call that has been in flight for longer than the slow threshold counts as slow at once, so that
// a target that hangs opens it too. What is told of calls of an earlier state is ignored. Trials
// that say nothing for as long as it would wait when open, such as long streams, are left to
// themselves: as many others follow. A mode that an operator sets stands above all that:
// forced_open refuses, disabled lets through, metrics_only lets through and counts.
//
// Refuses with ErrorKind::circuit_open. All workers may call it; takes a short lock, but to be
// admitted to what is closed and not timed.
// Source: M. Nygard, "Release It!", 2nd ed., "Circuit Breaker"; names and numbers of resilience4j.
class CircuitBreaker final : public Admission {
 public:
  enum class State : std::uint8_t { closed, open, half_open };

  struct Status {
    std::string_view state;  // The mode's name where an operator set one.
    BreakerMode mode = BreakerMode::automatic;
    CallCounts counts;  // Of the window; of an open one what opened it.
    std::uint32_t failures_in_a_row = 0;
    std::uint32_t reopened = 0;  // Trials that failed since it was closed last.
    Duration since{};            // How long it has been in this state.
    Duration next_trial{};       // Of an open one: until then it refuses.
  };

  // `seed` is for jitter. `tell` may be empty.
  CircuitBreaker(const CircuitBreakerConfig& config, std::string subject, std::uint64_t seed,
                 OnPolicyEvent tell, TimePoint now);

  Result<Ticket, Error> admit(TimePoint now) override;
  Duration retry_after(TimePoint now) const override;
  Ticket heard(Ticket ticket, TimePoint now) override;
  void answered(Ticket ticket, Outcome outcome, Duration latency, TimePoint now) override;
  void released(Ticket ticket, TimePoint now) override;

  // Keeps the state, and the window where its form stays; what calls under way say is not counted.
  void configure(const CircuitBreakerConfig& config, TimePoint now);
  // Its policy is not in force any more: begins anew, closed, when it is again. Keeps the mode.
  void turn_off(TimePoint now);
  // Begins anew, closed.
  void set_mode(BreakerMode mode, TimePoint now);

  Status status(TimePoint now);

 private:
  // Why a state changed, with the numbers of that moment.
  enum class Cause : std::uint8_t {
    failed_calls,
    slow_calls,
    calls_in_a_row,
    wait_over,
    trials_good,
    trial_failed,
    trial_slow,
    operator_said,
    turned_off
  };
  struct Change {
    std::string_view from;
    std::string_view to;
    Cause cause{};
    CallCounts counts;
    std::uint32_t in_a_row = 0;
    Duration wait{};
  };
  using MaybeChange = std::optional<Change>;

  // All these need lock_.
  Ticket try_admit(TimePoint now, MaybeChange& change);
  bool takes_trial(TimePoint now);
  Ticket make_ticket();
  bool is_current(Ticket ticket) const;
  void look_for_overdue(TimePoint now, MaybeChange& change);
  void record(Ticket ticket, bool failed, bool slow, TimePoint now, MaybeChange& change);
  void record_trial(bool failed, bool slow, TimePoint now, MaybeChange& change);
  void judge(TimePoint now, MaybeChange& change);
  void open(Cause cause, TimePoint now, MaybeChange& change);
  void enter(State next, Cause cause, TimePoint now, MaybeChange& change);
  void begin_trials(TimePoint now);
  void begin_epoch();
  std::string_view name() const;
  bool times_calls() const { return config_.slow_call_duration_threshold > Milliseconds(0); }

  void tell(const MaybeChange& change) const;
  std::string reason_of(const Change& change) const;

  const std::string subject_;
  const OnPolicyEvent tell_;
  // The ticket of everybody, where all are let through and calls are not timed; 0: ask under lock_.
  // Who reads it while the state changes has asked before.
  std::atomic<Ticket> for_all_ = 0;
  mutable ShortLock lock_;  // Guards all below.
  CircuitBreakerConfig config_;
  Random random_;
  CallWindow window_;
  CallsInFlight in_flight_;
  std::uint64_t failed_share_;  // The thresholds, in millionths.
  std::uint64_t slow_share_;
  State state_ = State::closed;
  BreakerMode mode_ = BreakerMode::automatic;
  Ticket epoch_ = 0;  // Counts changes of state, comes round; part of every ticket.
  TimePoint since_;
  TimePoint open_until_{};
  std::uint32_t failures_in_a_row_ = 0;
  std::uint32_t reopened_ = 0;
  // Of half_open.
  std::uint32_t trials_at_once_ = 0;  // Grows where `ramp` is on.
  std::uint32_t trials_ = 0;
  std::uint32_t trials_good_ = 0;
  std::uint32_t trials_released_ = 0;
  TimePoint trials_renewed_{};
};

// `closed`, `forced_open`.
std::string_view to_text(CircuitBreaker::State state);
// As an operator writes it: `FORCED_OPEN`.
std::string_view to_text(BreakerMode mode);
std::optional<BreakerMode> find_breaker_mode(std::string_view text);

}  // namespace skiff
