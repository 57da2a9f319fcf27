#include "sidecar/policy/discard.h"

#include <utility>

namespace skiff {

void Discard::begin(Exchange& exchange, Pauses& pauses, TimePoint until, Then& then) {
  auto* const discard = exchange.arena.make<Discard>(exchange, pauses, then);
  exchange.client_sink = discard;
  if (exchange.pending == nullptr) return;  // Who answered calls end() and flush() next.
  exchange.at_end(*discard);
  discard->pause_ = &pauses.watch(exchange, until, *discard);
}

void Discard::abort(const Error& error) {
  stop();
  const bool only_the_answer = is_cancelled_ || error.kind == ErrorKind::upstream_reset ||
                               error.kind == ErrorKind::bad_response;
  only_the_answer ? then_.discarded(exchange_) : then_.broken(exchange_, error);
}

// The last call of a body that has ended, and so the place to go on.
bool Discard::flush() {
  if (has_ended_) {
    stop();
    then_.discarded(exchange_);
  } else if (size_ > most) {
    cancel();
  }
  return true;
}

void Discard::pause_over(Exchange&) {
  pause_ = nullptr;
  cancel();
}

void Discard::ended(Exchange&, const Error&) { stop(); }

void Discard::stop() {
  if (pause_ != nullptr) pauses_.end(*std::exchange(pause_, nullptr));
  if (exchange_.client_sink == this) exchange_.client_sink = &client_;
}

// Comes back as abort().
void Discard::cancel() {
  if (exchange_.pending == nullptr) return;
  is_cancelled_ = true;
  exchange_.pending->fail(exchange_, {.kind = ErrorKind::hedge_lost});
}

}  // namespace skiff
