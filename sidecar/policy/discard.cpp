#include "sidecar/policy/discard.h"

#include <utility>

namespace skiff {
namespace {

// Of the one answer; everything else ends the exchange.
bool is_of_the_answer(ErrorKind kind) {
  return kind == ErrorKind::hedge_lost || kind == ErrorKind::upstream_reset ||
         kind == ErrorKind::bad_response;
}

}  // namespace

void Discard::begin(Exchange& exchange, Pauses& pauses, TimePoint until, Then& then) {
  auto* const discard = exchange.arena.make<Discard>(exchange, pauses, then);
  exchange.client_sink = discard;
  if (exchange.pending == nullptr) return;  // Who answered calls end() and flush() next.
  exchange.at_end(*discard);
  discard->pause_ = &pauses.watch(exchange, until, *discard);
}

void Discard::abort(const Error& error) {
  stop();
  is_of_the_answer(error.kind) ? then_.discarded(exchange_) : then_.broken(exchange_, error);
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
  exchange_.pending->fail(exchange_, {.kind = ErrorKind::hedge_lost});
}

}  // namespace skiff
