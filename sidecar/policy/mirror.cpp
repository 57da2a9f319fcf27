#include "sidecar/policy/mirror.h"

#include <utility>

#include "config/schema/retry.h"
#include "sidecar/http/criticality.h"

namespace skiff {
namespace {

constexpr std::string_view mark_header = "x-skiff-mirror";

void add(std::atomic<std::uint64_t>& count) { count.fetch_add(1, std::memory_order_relaxed); }

bool may_be_copied(const Request& request) {
  return request.version != Version::bytes && request.upgrade.empty() && !is_tunnel(request) &&
         request.method != Method::connect &&
         request.headers.find(FieldId::x_skiff_attempt) == nullptr && !is_copy(request);
}

const RetryConfig& no_retries() {
  static const RetryConfig config = [] {
    RetryConfig none;
    none.attempts = 0;
    return none;
  }();
  return config;
}

// What belongs to the caller's own call stays behind: how long it waits, how much it matters.
bool is_of_call(FieldId id) {
  return id == FieldId::x_skiff_deadline_ms || id == FieldId::grpc_timeout ||
         id == FieldId::x_skiff_criticality;
}

void copy_head(const Request& from, Arena& arena, Request& to) {
  to.method_name = arena.copy(from.method_name);
  to.method = from.method;
  to.version = from.version;
  to.scheme = arena.copy(from.scheme);
  to.authority = arena.copy(from.authority);
  to.target = arena.copy(from.target);
  to.path = to.target.substr(0, from.path.size());
  if (!from.query.empty()) to.query = to.target.substr(to.target.size() - from.query.size());
  to.headers.reserve(arena, from.headers.size() + 2);
  for (const Field& field : from.headers) {
    if (is_of_call(field.id)) continue;
    to.headers.add(arena, arena.copy(field.name()), arena.copy(field.value()));
  }
  to.headers.add(arena, mark_header, "1");
  to.accepts_trailers = from.accepts_trailers;
}

}  // namespace

bool is_copy(const Request& request) { return request.headers.find(mark_header) != nullptr; }

// In the copy's arena.
struct Mirrors::Sent {
  Mirrors& mirrors;
  MirrorCounts& counts;
  std::size_t bytes;

  void over(std::uint16_t status) const {
    add(status == 0 ? counts.failed : counts.answered);
    --mirrors.count_;
    mirrors.bytes_ -= bytes;
  }
};

// The request, until its answer. What else must be known of its body is known then: the rest of one
// that is not whole by then is not kept.
class Mirrors::Waiting final : public PassingReply, private EndHook {
 public:
  Waiting(Reply& outer, Mirrors& mirrors, Exchange& copy, Forwarder& to, MirrorCounts& counts)
      : PassingReply(outer), mirrors_(mirrors), copy_(&copy), to_(to), counts_(counts) {}

  void watch(Exchange& exchange) { exchange.at_end(*this); }

  void answered(Exchange& exchange, Response& response) override {
    send(exchange);
    PassingReply::answered(exchange, response);
  }
  void failed(Exchange& exchange, const Error& error) override {
    send(exchange);
    PassingReply::failed(exchange, error);
  }

 private:
  void ended(Exchange& exchange, const Error&) override { send(exchange); }

  void send(const Exchange& exchange) {
    if (copy_ == nullptr) return;
    mirrors_.send(exchange, *std::exchange(copy_, nullptr), to_, counts_);
  }

  Mirrors& mirrors_;
  Exchange* copy_;  // Null: it was sent, or was not to be.
  Forwarder& to_;
  MirrorCounts& counts_;
};

Exchange* Mirrors::copy(const Exchange& exchange, MirrorCounts& counts) {
  if (!may_be_copied(exchange.request)) return nullptr;
  if (count_ >= most) {
    add(counts.too_many);
    return nullptr;
  }
  ++count_;
  Exchange& copy = calls_.prepare();
  copy_head(exchange.request, copy.arena, copy.request);
  copy.client_address = copy.arena.copy(exchange.client_address);
  copy.client_identity = copy.arena.copy(exchange.client_identity);
  copy.retry = &no_retries();
  say_criticality(Criticality::sheddable, copy);
  return &copy;
}

Reply& Mirrors::follow(Exchange& exchange, Reply& reply, Exchange& copy, Forwarder& to,
                       MirrorCounts& counts) {
  auto* const waiting = exchange.arena.make<Waiting>(reply, *this, copy, to, counts);
  waiting->watch(exchange);
  return *waiting;
}

void Mirrors::send(const Exchange& exchange, Exchange& copy, Forwarder& to, MirrorCounts& counts) {
  const Replay& body = exchange.replay;
  const bool has_any = has_body(exchange.request);
  if (has_any && (!exchange.request_ended || !body.complete)) {
    add(counts.not_whole);
    return drop(copy);
  }
  const std::size_t size = has_any ? body.size : 0;
  if (bytes_ + size > most_bytes) {
    add(counts.too_many);
    return drop(copy);
  }
  bytes_ += size;
  if (exchange.request.body != BodyKind::none) {
    copy.request.body = BodyKind::length;
    copy.request.content_length = size;
  }
  for (const Replay::Chunk* chunk = body.first; chunk != nullptr && has_any; chunk = chunk->next) {
    copy.keep_for_replay(chunk->bytes);
  }
  const auto* const sent = copy.arena.make<Sent>(*this, counts, size);
  calls_.send(copy, to, longest, [sent](std::uint16_t status) { sent->over(status); });
}

void Mirrors::drop(Exchange& copy) {
  --count_;
  calls_.drop(copy);
}

}  // namespace skiff
