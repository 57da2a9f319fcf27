#include "sidecar/policy/with_bulkhead.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace skiff {
// One request in a slot, until it failed or both bodies are over.
class WithBulkhead::SlotHolder final : public PassingReply, public EndHook {
 public:
  SlotHolder(Reply& outer, WithBulkhead& layer, Bulkhead& bulkhead)
      : PassingReply(outer), layer_(layer), bulkhead_(bulkhead), begun_(clock().now()) {
    ++layer.in_flight_;
  }

  // What the backend refuses quickly says nothing of how long it takes to serve.
  void answered(Exchange& exchange, Response& response) override {
    if (bulkhead_.adapts() && response.status < 500 && response.status != 429) tell();
    PassingReply::answered(exchange, response);
  }

  void failed(Exchange& exchange, const Error& error) override {
    if (bulkhead_.adapts() && is_timeout(error.kind)) tell();
    release();
    PassingReply::failed(exchange, error);
  }

  void ended(Exchange&, const Error&) override { release(); }

 private:
  // It would have taken even longer.
  static bool is_timeout(ErrorKind kind) {
    return about(kind).status == 504 && about(kind).source == ErrorSource::backend;
  }

  const Clock& clock() const { return layer_.waits_.loop(); }
  void tell() { bulkhead_.answered(clock().now() - begun_, clock().now()); }
  void release() {
    if (std::exchange(released_, true)) return;
    --layer_.in_flight_;
    bulkhead_.released(clock().now());
  }

  WithBulkhead& layer_;
  Bulkhead& bulkhead_;
  const TimePoint begun_;
  bool released_ = false;
};

class BulkheadWaits::Wait final : public BulkheadWaiter, private Timer, private Pending {
 public:
  Wait(BulkheadWaits& owner, BulkheadInbox& inbox) : BulkheadWaiter(inbox), owner_(owner) {}

  void begin(WithBulkhead& layer, Bulkhead& bulkhead, Exchange& exchange, Reply& reply) {
    layer_ = &layer;
    bulkhead_ = &bulkhead;
    exchange_ = &exchange;
    reply_ = &reply;
    exchange.pending = this;
    ++layer.in_flight_;
    owner_.loop_.arm(*this, owner_.loop_.now() + bulkhead.max_wait());
  }

  // It was taken from the inbox.
  void told() {
    if (!granted()) return end_with({.kind = ErrorKind::bulkhead_full, .unprocessed = true});
    const auto [layer, bulkhead, exchange, reply] = end();
    layer.go_on(bulkhead, exchange, reply);
  }

 private:
  struct Ended {
    WithBulkhead& layer;
    Bulkhead& bulkhead;
    Exchange& exchange;
    Reply& reply;
  };

  Ended end() {
    owner_.loop_.disarm(*this);
    exchange_->pending = nullptr;
    --layer_->in_flight_;
    owner_.spare_.push_back(this);
    return {*layer_, *bulkhead_, *exchange_, *reply_};
  }
  void end_with(const Error& error) {
    const Ended ended = end();
    ended.reply.failed(ended.exchange, error);
  }

  void expired(TimePoint now) override {
    if (!bulkhead_->give_up(*this, now)) return;  // Something better is on its way.
    end_with({.kind = ErrorKind::bulkhead_timeout, .unprocessed = true});
  }

  // The client has left, or the exchange's time is over.
  void fail(Exchange&, const Error& error) override {
    bulkhead_->leave(*this, owner_.loop_.now());
    end_with(error);
  }

  BulkheadWaits& owner_;
  WithBulkhead* layer_ = nullptr;
  Bulkhead* bulkhead_ = nullptr;
  Exchange* exchange_ = nullptr;
  Reply* reply_ = nullptr;
};

// ---- BulkheadWaits

BulkheadWaits::BulkheadWaits(Loop& loop) : loop_(loop), inbox_([this] { wake(); }) {}

BulkheadWaits::~BulkheadWaits() { loop_.undefer(*this); }

void BulkheadWaits::wait(WithBulkhead& layer, Bulkhead& bulkhead, Exchange& exchange,
                         Reply& reply) {
  Wait& wait = take_spare();
  switch (bulkhead.admit(wait, exchange.criticality, loop_.now())) {
    case Bulkhead::Verdict::queued:
      return wait.begin(layer, bulkhead, exchange, reply);
    case Bulkhead::Verdict::granted:
      spare_.push_back(&wait);
      return layer.go_on(bulkhead, exchange, reply);
    case Bulkhead::Verdict::full:
      spare_.push_back(&wait);
      return reply.failed(exchange, {.kind = ErrorKind::bulkhead_full, .unprocessed = true});
  }
}

BulkheadWaits::Wait& BulkheadWaits::take_spare() {
  if (spare_.empty()) {
    spare_.reserve(all_.size() + 1);
    spare_.push_back(all_.emplace_back(std::make_unique<Wait>(*this, inbox_)).get());
  }
  Wait& wait = *spare_.back();
  spare_.pop_back();
  return wait;
}

// In our own thread a slot was released by something that is still under way: after it.
void BulkheadWaits::wake() {
  if (loop_.io().get_executor().running_in_this_thread()) return loop_.defer(*this);
  boost::asio::post(loop_.io(), [this] {
    const Loop::Event event(loop_);
    loop_.refresh_now();
    run_deferred();
  });
}

void BulkheadWaits::run_deferred() {
  while (BulkheadWaiter* const told = inbox_.take()) static_cast<Wait*>(told)->told();
}

// ---- WithBulkhead

void WithBulkhead::enter(Bulkhead& bulkhead, Exchange& exchange, Reply& reply) {
  bulkhead.try_admit() ? go_on(bulkhead, exchange, reply)
                       : waits_.wait(*this, bulkhead, exchange, reply);
}

void WithBulkhead::go_on(Bulkhead& bulkhead, Exchange& exchange, Reply& reply) {
  auto* const holder = exchange.arena.make<SlotHolder>(reply, *this, bulkhead);
  exchange.at_end(*holder);
  inner_.forward(exchange, *holder);
}

}  // namespace skiff
