#include "sidecar/policy/wait_for_ready.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/linked_list.h"

namespace skiff {

// ---- What all workers know

void Readiness::lost(std::size_t endpoints) {
  if (lost_.exchange(true)) return;
  waited_before_ = waited_.load();
  if (!tell_) return;
  tell_({.policy = "wait_for_ready",
         .subject = subject_,
         .from = "ready",
         .to = "waiting",
         .why = endpoints == 0
                    ? "it has no endpoint"
                    : fmt::format("none of {} endpoints accepts a connection", endpoints)});
}

void Readiness::found() {
  if (!lost_.exchange(false) || !tell_) return;
  tell_({.policy = "wait_for_ready",
         .subject = subject_,
         .from = "waiting",
         .to = "ready",
         .why = fmt::format("an endpoint accepts connections; {} requests have waited",
                            waited_ - waited_before_)});
}

Readiness::Figures Readiness::figures() const {
  return {.waited = waited_, .in_vain = in_vain_, .full = full_, .waiting = waiting_};
}

// ---- One request

class WaitForReady::Call final : public PassingReply, private Pauses::Waiter {
 public:
  Call(Reply& outer, WaitForReady& layer, Exchange& exchange)
      : PassingReply(outer), layer_(layer), exchange_(exchange), mark_(exchange.hooks) {}

  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;

  void send();
  void wait(const Error& error);
  // Its turn has come; needs that it waits.
  void go();
  // It reached an endpoint since it was sent.
  bool has_arrived() const { return exchange_.marks.attempts != attempts_; }
  ErrorKind why() const { return error_.kind; }

 private:
  friend class Line;

  // It failed as no endpoint accepted it.
  bool lacks_endpoint(const Error& error) const;
  bool may_wait(const Error& error) const;
  bool begin_wait();
  void over();
  void give_up(Exchange& exchange, const Error& error);
  void pause_over(Exchange& exchange) override;
  void pause_broken(Exchange& exchange, const Error& error) override;

  // The target is not back for all yet: the first answers may be under way, and a breaker's trials.
  bool is_away() const {
    return has_waited() || layer_.others_wait() || layer_.tools_.endpoints.none_accepts();
  }
  bool has_waited() const { return until_ != TimePoint{}; }
  TimePoint end_of_wait() const { return has_waited() ? until_ : now() + layer_.config_->max_wait; }
  TimePoint now() const { return layer_.tools_.loop.now(); }

  WaitForReady& layer_;
  Exchange& exchange_;
  const EndHook* const mark_;
  std::uint16_t attempts_ = 0;      // When it was sent.
  bool was_sent_ = false;           // Once at least.
  Pauses::Pause* pause_ = nullptr;  // While it waits.
  TimePoint until_{};               // So long it waits at most; none before it does.
  Error error_;                     // Why it waits.
  Links<Call> links_;               // In the line.
};

// Those that wait; who came or was sent least recently is first.
class WaitForReady::Line final : public Timer, public Deferred {
 public:
  explicit Line(Loop& loop, WaitForReady& layer) : loop_(loop), layer_(layer) {}
  ~Line() { loop_.undefer(*this); }

  bool empty() const { return calls_.empty(); }
  ErrorKind why() const { return calls_.first()->why(); }  // Needs one.
  bool take_place(const WaitForReadyConfig& config);
  void leave_place(const Call& call);
  void append(Call& call);
  void remove(Call& call);
  // So many more, once what is under way has returned.
  void let_go(std::size_t more);

 private:
  void send_first();
  void expired(TimePoint now) override;
  void run_deferred() override;

  Loop& loop_;
  WaitForReady& layer_;
  LinkedList<Call, &Call::links_> calls_;
  std::size_t size_ = 0;
  std::size_t places_ = 0;  // Taken: by those in the line, and those of them that were sent.
  std::size_t to_go_ = 0;
  const Call* scout_ = nullptr;  // Who was sent last, while it is under way.
  Duration interval_{};
};

void WaitForReady::Call::send() {
  attempts_ = exchange_.marks.attempts;
  exchange_.is_sent_again = std::exchange(was_sent_, true);
  layer_.inner_.forward(exchange_, *this);
}

void WaitForReady::Call::answered(Exchange& exchange, Response& response) {
  layer_.found();
  over();
  layer_.let_go(2);
  PassingReply::answered(exchange, response);
}

void WaitForReady::Call::failed(Exchange& exchange, const Error& error) {
  const bool in_vain = lacks_endpoint(error);
  if (in_vain && may_wait(error)) return wait(error);
  if (in_vain && has_waited()) layer_.tools_.readiness.was_in_vain();
  if (has_arrived()) layer_.found();
  if (error.kind == ErrorKind::circuit_open) layer_.let_go(2);  // They will be refused as well.
  give_up(exchange, error);
}

bool WaitForReady::Call::lacks_endpoint(const Error& error) const {
  switch (error.kind) {
    case ErrorKind::no_endpoint:
      return true;
    case ErrorKind::connect_failed:
    case ErrorKind::timeout_connect:
      return error.unprocessed;
    case ErrorKind::retry_budget:
    case ErrorKind::circuit_open:
      return error.unprocessed && is_away();
    default:
      return false;
  }
}

bool WaitForReady::Call::may_wait(const Error& error) const {
  if (!has_waited() && !layer_.config_) return false;
  if (!exchange_.replay.complete) return false;
  const bool by_breaker = error.kind == ErrorKind::circuit_open && error.answer != nullptr;
  const TimePoint next = now() + (by_breaker ? error.answer->retry_after : Duration());
  return next < std::min(end_of_wait(), exchange_.deadlines.request);
}

void WaitForReady::Call::wait(const Error& error) {
  const ReadyTools& tools = layer_.tools_;
  if (tools.endpoints.none_accepts()) tools.readiness.lost(tools.endpoints.count());
  if (!has_waited() && !begin_wait()) return PassingReply::failed(exchange_, error);
  exchange_.end_since(mark_);
  error_ = error;
  pause_ = &tools.pauses.wait(exchange_, until_, *this);
  layer_.line_->append(*this);
}

// False: there is no place. Who has one keeps it, also while it is sent.
bool WaitForReady::Call::begin_wait() {
  if (layer_.line_ == nullptr) layer_.line_ = std::make_unique<Line>(layer_.tools_.loop, layer_);
  if (!layer_.line_->take_place(*layer_.config_)) {
    layer_.tools_.readiness.was_full();
    return false;
  }
  until_ = end_of_wait();
  layer_.tools_.readiness.began();
  return true;
}

void WaitForReady::Call::over() {
  if (!has_waited()) return;
  layer_.line_->leave_place(*this);
  layer_.tools_.readiness.ended();
}

void WaitForReady::Call::give_up(Exchange& exchange, const Error& error) {
  over();
  PassingReply::failed(exchange, error);
}

void WaitForReady::Call::go() {
  layer_.tools_.pauses.end(*pause_);
  layer_.line_->remove(*this);
  if (now() < exchange_.deadlines.request) return send();
  give_up(exchange_, {.kind = exchange_.deadlines.request_reason()});
}

void WaitForReady::Call::pause_over(Exchange& exchange) {
  layer_.line_->remove(*this);
  layer_.tools_.readiness.was_in_vain();
  give_up(exchange, error_);
}

// The client has left, or the exchange's time is over.
void WaitForReady::Call::pause_broken(Exchange& exchange, const Error& error) {
  layer_.line_->remove(*this);
  give_up(exchange, error);
}

// ---- Those that wait

bool WaitForReady::Line::take_place(const WaitForReadyConfig& config) {
  interval_ = config.interval;
  if (places_ >= config.max_waiting) return false;
  ++places_;
  return true;
}

void WaitForReady::Line::leave_place(const Call& call) {
  --places_;
  if (scout_ == &call) scout_ = nullptr;
}

void WaitForReady::Line::append(Call& call) {
  if (scout_ == &call) scout_ = nullptr;
  calls_.append(call);
  if (++size_ == 1) loop_.arm(*this, loop_.now() + interval_);
}

void WaitForReady::Line::remove(Call& call) {
  calls_.remove(call);
  if (--size_ == 0) loop_.disarm(*this);
}

void WaitForReady::Line::let_go(std::size_t more) {
  to_go_ = std::min(to_go_ + more, size_);
  if (to_go_ > 0) loop_.defer(*this);
}

void WaitForReady::Line::run_deferred() {
  for (std::size_t left = std::exchange(to_go_, 0); left > 0 && !empty(); --left) send_first();
}

void WaitForReady::Line::send_first() {
  scout_ = calls_.first();
  calls_.first()->go();
}

void WaitForReady::Line::expired(TimePoint now) {
  if (scout_ != nullptr && scout_->has_arrived()) layer_.found();
  send_first();
  if (!empty()) loop_.arm(*this, now + interval_);
}

// ---- The layer

WaitForReady::WaitForReady(const ReadyTools& tools, Forwarder& inner)
    : tools_(tools), inner_(inner) {}

WaitForReady::~WaitForReady() = default;

void WaitForReady::begin(Exchange& exchange, Reply& reply) {
  auto* const call = exchange.arena.make<Call>(reply, *this, exchange);
  if (!others_wait() || !tools_.readiness.is_lost()) return call->send();
  call->wait({.kind = line_->why(), .unprocessed = true});
}

bool WaitForReady::others_wait() const { return line_ != nullptr && !line_->empty(); }

void WaitForReady::found() {
  if (tools_.readiness.is_lost()) tools_.readiness.found();
}

void WaitForReady::let_go(std::size_t more) {
  if (line_ != nullptr) line_->let_go(more);
}

}  // namespace skiff
