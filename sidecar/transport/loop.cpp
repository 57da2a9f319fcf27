#include "sidecar/transport/loop.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "sidecar/transport/ready_queue.h"

namespace skiff {

Loop::Loop(std::uint64_t seed, const Clock* clock)
    : clock_(clock),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      reactor_(boost::asio::use_service<boost::asio::detail::epoll_reactor>(io_)),
      now_(refresh_now()),
      timers_(now_),
      alarm_(io_),
      random_(seed),
      read_buffer_(new char[bulk_read_size]),
      scheduler_(boost::asio::use_service<boost::asio::detail::scheduler>(io_)) {}

Loop::~Loop() = default;

void Loop::schedule(TimePoint due) {
  wake_at_ = due;
  if (clock_ != nullptr) return;
  alarm_.expires_at(due + Timers::tick_length);
  alarm_.async_wait([this](boost::system::error_code error) {
    const Event event(*this);
    if (!error) run_due();
  });
}

void Loop::run_due() {
  wake_at_ = TimePoint::max();
  timers_.advance(refresh_now());
  const TimePoint next = timers_.next();
  if (next < wake_at_) schedule(next);
}

void Loop::defer(Deferred& deferred) {
  if (std::exchange(deferred.is_deferred_, true)) return;
  if (events_ == 0) post_deferred();
  deferred.next_deferred_ = std::exchange(deferred_, &deferred);
}

// A handler that is posted stands behind the question to the kernel what is ready.
void Loop::defer_to_next(Deferred& deferred) {
  if (std::exchange(deferred.is_deferred_, true)) return;
  deferred.next_deferred_ = std::exchange(next_, &deferred);
  if (std::exchange(next_posted_, true)) return;
  boost::asio::post(io_, [this] {
    next_posted_ = false;
    const Event event(*this);  // Whose end runs what is deferred, after what is ready.
    Deferred** end = &next_;
    while (*end != nullptr) end = &(*end)->next_deferred_;
    *end = deferred_;
    deferred_ = std::exchange(next_, nullptr);
  });
}

void Loop::undefer(Deferred& deferred) {
  if (!std::exchange(deferred.is_deferred_, false)) return;
  for (Deferred** list : {&deferred_, &running_, &next_}) {
    while (*list != nullptr && *list != &deferred) list = &(*list)->next_deferred_;
    if (*list != nullptr) *list = deferred.next_deferred_;
  }
}

// Each round may defer again, but those who are connected are not kept waiting for long. What else
// is ready need not come to a handler of ours (an edge that nobody waits for), so where there is
// something, one is posted; the last handler of this turn may still be earlier.
void Loop::end_event() {
  constexpr int most_rounds = 4;
  for (int i = 0; i < most_rounds && deferred_ != nullptr; ++i) {
    if (!nothing_ready(scheduler_)) break;
    ++events_;
    run_deferred();
    --events_;
  }
  if (deferred_ != nullptr) post_deferred();
}

void Loop::post_deferred() {
  if (std::exchange(posted_, true)) return;
  boost::asio::post(io_, [this] {
    posted_ = false;
    const Event event(*this);
    run_deferred();
  });
}

void Loop::run_deferred() {
  refresh_now();
  while (deferred_ != nullptr) {  // Turned round: first come, first served.
    Deferred* next = std::exchange(deferred_, deferred_->next_deferred_);
    next->next_deferred_ = std::exchange(running_, next);
  }
  while (running_ != nullptr) {
    Deferred* next = std::exchange(running_, running_->next_deferred_);
    next->is_deferred_ = false;
    next->run_deferred();
  }
}

}  // namespace skiff
