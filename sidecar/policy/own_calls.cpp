#include "sidecar/policy/own_calls.h"

#include <algorithm>
#include <utility>

namespace skiff {

//   sent --end of the turn--> under way --answer whole, failed, too long, too late--> over
class OwnCalls::Call final : private Reply,
                             private BodySink,
                             private BodySource,
                             private Deferred,
                             private Timer {
 public:
  Call(OwnCalls& calls, Exchange& exchange, Forwarder& to, Done done)
      : calls_(calls), to_(to), done_(std::move(done)), exchange_(&exchange) {}
  ~Call() {
    done_ = {};
    give_up();
  }

  void begin(Duration limit) {
    Exchange& exchange = *exchange_;
    exchange.started = calls_.loop_.now();
    exchange.client_sink = this;
    exchange.client_source = this;
    exchange.request_ended = true;
    due_ = calls_.loop_.now() + limit;
    calls_.loop_.arm(*this, due_);
    calls_.loop_.defer(*this);
  }

 private:
  void run_deferred() override {
    std::exchange(is_sent_, true) ? exchange_->send_replay(fed_attempt_) : send();
  }

  void send() {
    to_.forward(*exchange_, *this);
    if (exchange_ == nullptr || exchange_->deadlines.request >= due_) return;
    due_ = exchange_->deadlines.request;
    calls_.loop_.arm(*this, due_);
  }

  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response& response) override { status_ = response.status; }
  void failed(Exchange&, const Error&) override { over(); }
  void data(std::string_view bytes) override { answer_size_ += bytes.size(); }
  void end(const Headers&) override { over(); }
  void abort(const Error&) override { over(); }
  bool flush() override {
    if (answer_size_ > most_answer) give_up();
    return true;
  }
  void resume() override { calls_.loop_.defer(*this); }

  void expired(TimePoint) override {
    status_ = 0;
    give_up();
  }

  void give_up() {
    if (exchange_ == nullptr) return;
    if (exchange_->pending != nullptr) {
      exchange_->pending->fail(*exchange_, {.kind = ErrorKind::timeout_request});
    }
    over();
  }

  void over() {
    if (exchange_ == nullptr) return;
    calls_.loop_.disarm(*this);
    calls_.loop_.undefer(*this);
    Exchange& exchange = *std::exchange(exchange_, nullptr);
    const bool is_told = done_ != nullptr;
    if (is_told) std::exchange(done_, {})(status_);
    calls_.drop(exchange);
    if (is_told) calls_.ended(*this);
  }

  OwnCalls& calls_;
  Forwarder& to_;
  Done done_;
  Exchange* exchange_;  // Null: it is over.
  TimePoint due_{};
  std::size_t answer_size_ = 0;
  std::uint16_t fed_attempt_ = 0;
  std::uint16_t status_ = 0;
  bool is_sent_ = false;
};

OwnCalls::OwnCalls(Loop& loop, Exchanges& exchanges) : loop_(loop), exchanges_(exchanges) {}

OwnCalls::~OwnCalls() {
  under_way_.clear();
  loop_.undefer(*this);
}

void OwnCalls::drop(Exchange& prepared) {
  prepared.finish({});
  exchanges_.give_back(prepared);
}

void OwnCalls::send(Exchange& prepared, Forwarder& to, Duration limit, Done done) {
  under_way_.push_back(std::make_unique<Call>(*this, prepared, to, std::move(done)));
  under_way_.back()->begin(limit);
}

// It is on the stack: destroyed later.
void OwnCalls::ended(Call& call) {
  const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                  [&call](const auto& held) { return held.get() == &call; });
  over_.push_back(std::move(*found));
  under_way_.erase(found);
  loop_.defer(*this);
}

void OwnCalls::run_deferred() { over_.clear(); }

}  // namespace skiff
