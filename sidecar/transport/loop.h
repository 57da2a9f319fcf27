#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/detail/scheduler.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "base/clock.h"
#include "base/random.h"
#include "sidecar/transport/timers.h"

namespace skiff {

// Something to be done once what is under way has returned. A member or base of its owner.
class Deferred {
 public:
  virtual void run_deferred() = 0;

 protected:
  ~Deferred() = default;

 private:
  friend class Loop;
  Deferred* next_deferred_ = nullptr;
  bool is_deferred_ = false;
};

// What everything on one worker shares: its io_context, its timers, its clock, its one read
// buffer. Only its own thread touches it, but for io().
class Loop final : public Clock {
 public:
  static constexpr std::size_t read_size = 64 * 1024;
  static constexpr std::size_t bulk_read_size = 256 * 1024;  // In the midst of a long body.

  // `clock` only in tests, which then call run_due() themselves.
  explicit Loop(std::uint64_t seed, const Clock* clock = nullptr);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  boost::asio::io_context& io() { return io_; }
  boost::asio::detail::epoll_reactor& reactor() { return reactor_; }
  Random& random() { return random_; }

  // The time of this turn. Whatever wakes up from waiting calls refresh_now().
  TimePoint now() const override { return now_; }
  TimePoint refresh_now() {
    return now_ = clock_ == nullptr ? std::chrono::steady_clock::now() : clock_->now();
  }

  void arm(Timer& timer, TimePoint due) {
    timers_.arm(timer, due);
    if (due < wake_at_) schedule(due);
  }
  void disarm(Timer& timer) { timers_.disarm(timer); }
  void run_due();  // The timers that are due.

  // bulk_read_size bytes for what is read now; the next read on this worker overwrites them.
  char* read_buffer() { return read_buffer_.get(); }

  // Runs it in this turn, after all that was ready; once, however often it was deferred.
  void defer(Deferred& deferred);
  // Runs it in the next turn: what has become ready meanwhile is not kept waiting by it.
  void defer_to_next(Deferred& deferred);
  void undefer(Deferred& deferred);

  // Held by every handler of io() that may defer: the last of those that are ready runs what was
  // deferred, which saves the system call that a handler of its own would cost.
  class Event final {
   public:
    explicit Event(Loop& loop) : loop_(loop) { ++loop.events_; }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() {
      if (--loop_.events_ == 0 && loop_.deferred_ != nullptr) loop_.end_event();
    }

   private:
    Loop& loop_;
  };

 private:
  using Alarm =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  void schedule(TimePoint due);
  void end_event();
  void post_deferred();
  void run_deferred();

  const Clock* const clock_;
  boost::asio::io_context io_;
  boost::asio::detail::epoll_reactor& reactor_;
  TimePoint now_;
  Timers timers_;
  Alarm alarm_;
  TimePoint wake_at_ = TimePoint::max();
  Random random_;
  std::unique_ptr<char[]> read_buffer_;
  Deferred* deferred_ = nullptr;  // Newest first.
  Deferred* running_ = nullptr;   // Those of this turn that still have to run.
  Deferred* next_ = nullptr;      // Of the next turn; newest first.
  boost::asio::detail::scheduler& scheduler_;
  unsigned events_ = 0;  // Under way, one within the other.
  bool posted_ = false;  // A handler of its own will run what is deferred.
  bool next_posted_ = false;
};

}  // namespace skiff
