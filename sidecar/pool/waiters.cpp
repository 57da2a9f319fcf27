#include "sidecar/pool/waiters.h"

#include <algorithm>
#include <utility>

namespace skiff {

class Waiters::Waiter final : public Pending, private Timer {
 public:
  Waiter(Waiters& all, Exchange& exchange, Reply& reply, std::uint64_t its_number)
      : number(its_number), all_(all), waiting_{exchange, reply} {
    exchange.pending = this;
  }
  ~Waiter() = default;

  void give_up_after(Duration limit) { all_.loop_.arm(*this, all_.loop_.now() + limit); }

  Waiting leave() {
    all_.loop_.disarm(*this);
    waiting_.exchange.pending = nullptr;
    all_.remove(*this);
    return waiting_;
  }

  void fail(Exchange& exchange, const Error& error) override {
    leave().reply.failed(exchange, error);
  }
  void fail(const Error& error) { fail(waiting_.exchange, error); }

  const std::uint64_t number;

 private:
  void expired(TimePoint) override { fail({.kind = ErrorKind::pool_timeout, .unprocessed = true}); }

  Waiters& all_;
  const Waiting waiting_;
};

Waiters::Waiters(Loop& loop, Counter& waits, Counter& waiting)
    : loop_(loop), waits_(waits), waiting_(waiting) {}

Waiters::~Waiters() {
  loop_.undefer(*this);
  waiting_.subtract(queue_.size());
}

void Waiters::add(Exchange& exchange, Reply& reply, Duration limit) {
  waits_.add();
  waiting_.add();
  Waiter& waiter = *queue_.emplace_back(std::make_unique<Waiter>(*this, exchange, reply, came_++));
  if (limit > Duration::zero()) waiter.give_up_after(limit);
}

Waiters::Waiting Waiters::take() { return queue_.front()->leave(); }

void Waiters::fail_oldest(std::size_t count, const Error& error) {
  const std::uint64_t end = came_;
  for (; count > 0 && !queue_.empty() && queue_.front()->number < end; --count) {
    queue_.front()->fail(error);
  }
}

void Waiters::remove(Waiter& waiter) {
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const auto& held) { return held.get() == &waiter; });
  gone_.push_back(std::move(*found));
  queue_.erase(found);
  waiting_.subtract();
  loop_.defer(*this);
}

void Waiters::run_deferred() { gone_.clear(); }

}  // namespace skiff
