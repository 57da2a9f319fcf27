// Laws of the circuit breaker, over many random schedules.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sidecar/policy/circuit_breaker.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Ticket = Admission::Ticket;

constexpr TimePoint start = TimePoint{} + std::chrono::hours(1);

CircuitBreakerConfig random_config(Random& random) {
  CircuitBreakerConfig config;
  if (random.below(2) == 0) config.sliding_window_type = CircuitBreakerConfig::Window::time;
  config.sliding_window_size = static_cast<std::uint32_t>(1 + random.below(30));
  config.sliding_window_duration = Milliseconds(1'000 + random.below(5'000));
  config.minimum_number_of_calls =
      static_cast<std::uint32_t>(1 + random.below(config.sliding_window_size));
  config.failure_rate_threshold = Ratio{0.2 + 0.8 * random.unit()};
  if (random.below(2) == 0) {
    config.slow_call_duration_threshold = Milliseconds(50 + random.below(500));
    config.slow_call_rate_threshold = Ratio{0.3 + 0.7 * random.unit()};
  }
  if (random.below(2) == 0) config.consecutive_failures = 5;
  config.wait_duration_in_open_state = Milliseconds(100 + random.below(1'000));
  config.max_wait_duration_in_open_state = config.wait_duration_in_open_state * 4;
  config.permitted_number_of_calls_in_half_open_state =
      static_cast<std::uint32_t>(1 + random.below(8));
  config.ramp = random.below(2) == 0;
  return config;
}

// Which state may follow which.
const std::map<std::string, std::vector<std::string>> legal = {
    {"closed", {"open", "forced_open"}},
    {"open", {"half_open", "forced_open"}},
    {"half_open", {"open", "closed", "forced_open"}},
    {"forced_open", {"closed"}}};

// A call under way.
struct Call {
  Ticket ticket;
  TimePoint begun;
  std::size_t generation;  // Of the breaker's changes when it was admitted.
  bool headed = false;
  Duration latency{};
};

// Lives through a random schedule and checks what must hold at every step. With `lies`, what late
// calls (of an earlier generation) say is turned round: nothing may depend on it.
class Life final {
 public:
  Life(std::uint64_t seed, bool lies)
      : random_(seed),
        lies_(lies),
        config_(random_config(random_)),
        breaker_(
            config_, "x", seed, [this](const PolicyEvent& event) { changed(event); }, now_) {}

  std::vector<std::string> run() {
    for (int step = 0; step < 2'000; ++step) {
      if (random_.below(200) == 0) backend_is_bad_ = !backend_is_bad_;
      now_ += Duration(static_cast<Duration::rep>(random_.below(30'000'000)));
      const std::uint64_t what = random_.below(10);
      const std::uint64_t which = random_.next();
      const bool fails = random_.below(10) < (backend_is_bad_ ? 8u : 1u);
      if (what < 5) {
        admit();
      } else if (!calls_.empty()) {
        end(which % calls_.size(), what, fails);
      }
    }
    return std::move(events_);
  }

  // When all is over the breaker must let exactly its trials through again.
  void end_all() {
    for (const Call& call : calls_) breaker_.released(call.ticket, now_);
    calls_.clear();
    breaker_.set_mode(BreakerMode::forced_open, now_);
    breaker_.set_mode(BreakerMode::automatic, now_);
    state_ = "closed";
    for (int i = 0; i < 100 && breaker_.status(now_).state != "open"; ++i) {
      const auto ticket = breaker_.admit(now_);
      ASSERT_TRUE(ticket);
      breaker_.answered(*ticket, Outcome::failure, Duration(1), now_);
      breaker_.released(*ticket, now_);
    }
    now_ += breaker_.status(now_).next_trial;
    std::uint32_t trials = 0;
    while (trials < 100 && breaker_.admit(now_)) ++trials;
    EXPECT_EQ(trials, config_.ramp ? 1 : config_.permitted_number_of_calls_in_half_open_state);
  }

 private:
  void changed(const PolicyEvent& event) {
    const std::string from(event.from);
    const std::string to(event.to);
    EXPECT_EQ(from, state_);
    const auto& next = legal.at(from);
    EXPECT_NE(std::find(next.begin(), next.end(), to), next.end()) << from << " -> " << to;
    if (from == "open" && to == "half_open") {
      EXPECT_GE(now_ - since_, config_.wait_duration_in_open_state);
    }
    state_ = to;
    since_ = now_;
    trials_.clear();
    events_.push_back(from + " -> " + to + " " + event.why + " at " +
                      std::to_string((now_ - start).count()));
  }

  void admit() {
    const auto ticket = breaker_.admit(now_);
    if (!ticket) {
      EXPECT_NE(state_, "closed");
      const Duration wait = breaker_.retry_after(now_);
      EXPECT_LE(wait, config_.max_wait_duration_in_open_state * 11 / 10);
      EXPECT_EQ(wait > Duration::zero(), state_ == "open");
      return;
    }
    EXPECT_NE(state_, "open");
    calls_.push_back({*ticket, now_, events_.size()});
    if (state_ == "half_open") count_trial();
  }

  // At most so many in any stretch that is as long as one round of trials.
  void count_trial() {
    trials_.push_back(now_);
    std::size_t lately = 0;
    for (const TimePoint at : trials_) {
      if (now_ - at < config_.wait_duration_in_open_state) ++lately;
    }
    // Two rounds may touch such a stretch; cancelled ones were given back.
    EXPECT_LE(lately, 2 * config_.permitted_number_of_calls_in_half_open_state + cancelled_);
  }

  void end(std::size_t at, std::uint64_t what, bool fails) {
    Call& call = calls_[at];
    const bool is_late = call.generation != events_.size();
    if (what == 5 && !call.headed) {
      call.latency = now_ - call.begun;
      call.headed = true;
      call.ticket = breaker_.heard(call.ticket, now_);
      return;
    }
    if (!call.headed) call.latency = now_ - call.begun;
    if (lies_ && is_late) fails = !fails;
    if (what < 9) {
      breaker_.answered(call.ticket, fails ? Outcome::failure : Outcome::success, call.latency,
                        now_);
    } else {
      ++cancelled_;
    }
    breaker_.released(call.ticket, now_);
    calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  Random random_;
  const bool lies_;
  const CircuitBreakerConfig config_;
  TimePoint now_ = start;
  std::string state_ = "closed";
  TimePoint since_ = start;
  bool backend_is_bad_ = false;
  std::vector<Call> calls_;
  std::vector<TimePoint> trials_;
  std::size_t cancelled_ = 0;
  std::vector<std::string> events_;
  CircuitBreaker breaker_;
};

TEST(CircuitBreakerLaws, HoldOnEverySchedule) {
  std::size_t changes = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Life life(seed, false);
    changes += life.run().size();
    life.end_all();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(changes, 3'000u) << "the schedules must lead somewhere";
}

TEST(CircuitBreakerLaws, TheStateDependsOnOutcomesOfItsOwnGenerationOnly) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    EXPECT_EQ(Life(seed, false).run(), Life(seed, true).run()) << "seed " << seed;
    if (testing::Test::HasFailure()) return;
  }
}

// Of a round of trials never more than `permitted` are under way or have succeeded.
TEST(CircuitBreakerLaws, TrialsAreNeverMoreThanPermitted) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    CircuitBreakerConfig config = random_config(random);
    config.slow_call_duration_threshold = Milliseconds(0);
    config.wait_duration_in_open_state = config.max_wait_duration_in_open_state = 1h;
    const std::uint32_t permitted = config.permitted_number_of_calls_in_half_open_state;
    CircuitBreaker breaker(config, "x", seed, {}, start);
    TimePoint now = start;
    while (breaker.status(now).state != "open") {
      breaker.answered(*breaker.admit(now), Outcome::failure, Duration(1), now);
    }
    now += breaker.status(now).next_trial;
    std::vector<Ticket> trials;
    std::uint32_t succeeded = 0;
    for (int step = 0; step < 200; ++step) {
      if (trials.empty() || random.below(2) == 0) {
        const auto ticket = breaker.admit(now);
        if (ticket) trials.push_back(*ticket);
      } else {
        const bool succeeds = random.below(4) == 0;
        if (succeeds) breaker.answered(trials.back(), Outcome::success, Duration(1), now);
        succeeded += succeeds ? 1 : 0;
        breaker.released(trials.back(), now);
        trials.pop_back();
      }
      if (breaker.status(now).state == "closed") break;
      ASSERT_LE(trials.size() + succeeded, permitted) << "seed " << seed;
      ASSERT_LT(succeeded, permitted) << "it closes with the last";
    }
  }
}

TEST(CircuitBreakerLaws, WorkersMayAskAtOnce) {
  CircuitBreakerConfig config;
  config.wait_duration_in_open_state = Milliseconds(10);
  config.slow_call_duration_threshold = Milliseconds(5);
  std::atomic<int> changes = 0;
  CircuitBreaker breaker(
      config, "x", 1, [&](const PolicyEvent&) { ++changes; }, start);
  std::vector<std::thread> workers;
  for (unsigned worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      Random random(worker);
      TimePoint now = start;
      for (int i = 0; i < 20'000; ++i) {
        now += Duration(100'000);
        const auto ticket = breaker.admit(now);
        if (!ticket) continue;
        const Ticket heard = random.below(2) == 0 ? breaker.heard(*ticket, now) : *ticket;
        if (random.below(10) != 0) {
          const bool fails = i / 2'000 % 2 == 1;
          breaker.answered(heard, fails ? Outcome::failure : Outcome::success, Duration(1), now);
        }
        breaker.released(heard, now);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_GT(changes, 2);
}

}  // namespace
}  // namespace skiff
