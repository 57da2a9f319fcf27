#include "sidecar/http/exchange.h"

#include <utility>

namespace skiff {

void Exchange::keep_for_replay(std::string_view data) {
  if (!replay.complete) return;
  if (replay.size + data.size() > Replay::limit) {
    replay = {};
    replay.complete = false;
    return;
  }
  auto* chunk = arena.make<Replay::Chunk>(arena.copy(data));
  (replay.last == nullptr ? replay.first : replay.last->next) = chunk;
  replay.last = chunk;
  replay.size += data.size();
}

void Exchange::send_replay(std::uint16_t& fed_attempt) {
  if (backend_sink == nullptr || !has_body(request)) return;
  if (std::exchange(fed_attempt, marks.attempts) == marks.attempts) return;
  BodySink& backend = *backend_sink;
  for (const Replay::Chunk* chunk = replay.first; chunk != nullptr; chunk = chunk->next)
    backend.data(chunk->bytes);
  backend.end({});
  backend.flush();
}

void Exchange::end_since(const EndHook* mark) {
  while (hooks != mark) {
    EndHook* const hook = hooks;
    hooks = hook->next;
    hook->ended(*this, {});
  }
}

void Exchange::finish(const Error& error) {
  while (hooks != nullptr) {
    EndHook* hook = hooks;
    hooks = hook->next;
    hook->ended(*this, error);
  }
  begin_anew(request);
  marks = {};
  client_address = {};
  destination = {};
  client_identity = {};
  retry = nullptr;
  faults = nullptr;
  claims = nullptr;
  caller_attempt = 1;
  criticality = Criticality::normal;
  hash = 0;
  tried = nullptr;
  client_sink = backend_sink = nullptr;
  client_source = backend_source = nullptr;
  pending = nullptr;
  deadlines = {};
  replay = {};
  request_ended = false;
  is_sent_again = false;
  arena.reset();
}

Exchanges::~Exchanges() {
  while (spare_ != nullptr) delete std::exchange(spare_, spare_->next_free);
}

Exchange& Exchanges::take() {
  if (spare_ == nullptr) return *new Exchange;
  Exchange& exchange = *spare_;
  spare_ = exchange.next_free;
  return exchange;
}

void Exchanges::give_back(Exchange& exchange) {
  exchange.next_free = spare_;
  spare_ = &exchange;
}

}  // namespace skiff
