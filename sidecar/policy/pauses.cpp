#include "sidecar/policy/pauses.h"

namespace skiff {

class Pauses::Pause final : private Timer, private Pending {
 public:
  explicit Pause(Pauses& owner) : owner_(owner) {}

  void begin(Exchange& exchange, Waiter& waiter, TimePoint due) {
    exchange_ = &exchange;
    waiter_ = &waiter;
    owner_.loop_.arm(*this, due);
  }

  void hold() { exchange_->pending = this; }

  void stop() {
    owner_.loop_.disarm(*this);
    if (exchange_->pending == this) exchange_->pending = nullptr;
  }

 private:
  void expired(TimePoint) override {
    Exchange& exchange = *exchange_;
    Waiter& waiter = *waiter_;
    stop();
    owner_.give_back(*this);
    waiter.pause_over(exchange);
  }

  void fail(Exchange& exchange, const Error& error) override {
    Waiter& waiter = *waiter_;
    stop();
    owner_.give_back(*this);
    waiter.pause_broken(exchange, error);
  }

  Pauses& owner_;
  Exchange* exchange_ = nullptr;
  Waiter* waiter_ = nullptr;
};

void Pauses::Waiter::pause_broken(Exchange&, const Error&) {}

Pauses::Pauses(Loop& loop) : loop_(loop) {}

Pauses::~Pauses() = default;

Pauses::Pause& Pauses::take(Exchange& exchange, TimePoint due, Waiter& waiter) {
  if (spare_.empty()) {
    spare_.reserve(all_.size() + 1);
    spare_.push_back(all_.emplace_back(std::make_unique<Pause>(*this)).get());
  }
  Pause& pause = *spare_.back();
  spare_.pop_back();
  pause.begin(exchange, waiter, due);
  return pause;
}

Pauses::Pause& Pauses::wait(Exchange& exchange, TimePoint due, Waiter& waiter) {
  Pause& pause = take(exchange, due, waiter);
  pause.hold();
  return pause;
}

Pauses::Pause& Pauses::watch(Exchange& exchange, TimePoint due, Waiter& waiter) {
  return take(exchange, due, waiter);
}

void Pauses::end(Pause& pause) {
  pause.stop();
  give_back(pause);
}

void Pauses::give_back(Pause& pause) { spare_.push_back(&pause); }

}  // namespace skiff
