#pragma once

#include <cstdint>

#include "base/clock.h"
#include "config/schema/bulkhead.h"
#include "sidecar/http/arena.h"
#include "sidecar/http/body.h"
#include "sidecar/http/message.h"

namespace skiff {

struct Exchange;

// What is under way for an exchange and owes its Reply an answer: a wait for a connection, a
// connect, a request on the wire. Exactly one at a time.
class Pending {
 public:
  // Gives up, and tells the Reply so with `error`, before it returns.
  virtual void fail(Exchange& exchange, const Error& error) = 0;

 protected:
  ~Pending() = default;
};

// Something that must happen when an exchange is over: both bodies ended, or it broke off.
// Lives in the exchange's arena. Hooks run in the reverse order of their adding, each once.
class EndHook {
 public:
  // `error.kind` is `none` where all went well.
  virtual void ended(Exchange& exchange, const Error& error) = 0;

  EndHook* next = nullptr;

 protected:
  ~EndHook() = default;
};

// How long an exchange may take; set by the stage that knows the target's policy, watched by the
// connection that the request came on. TimePoint::max() and zero: not limited.
struct Deadlines {
  TimePoint request = TimePoint::max();
  bool request_by_route = false;  // The route said it (also: that there is none); it wins.
  bool of_caller = false;         // `request` is the caller's own: its reason is timeout_deadline.
  // What the next hop is told (x-skiff-deadline-ms): `request`; of gRPC, whose streams may outlast
  // that, what the caller said.
  TimePoint told = TimePoint::max();
  bool told_grpc = false;       // As grpc-timeout too.
  Duration per_try{};           // From an attempt's begin to its answer's head.
  Duration response_headers{};  // From the end of the request to the answer's head.
  Duration stream_idle{};       // Without one byte either way.

  // Why it failed where `request` has passed.
  ErrorKind request_reason() const {
    return of_caller ? ErrorKind::timeout_deadline : ErrorKind::timeout_request;
  }
};

// What was read of a request's body so far, for another try. In the exchange's arena.
struct Replay {
  static constexpr std::size_t limit = 64 * 1024;  // Longer bodies cannot be sent again.

  struct Chunk {
    std::string_view bytes;
    Chunk* next = nullptr;
  };
  Chunk* first = nullptr;
  Chunk* last = nullptr;
  std::size_t size = 0;
  bool complete = true;  // Nothing is missing at the front of it.
};

struct RequestCells;  // sidecar/observe: the counters of one route, of one worker.
struct RetryConfig;   // config/schema.
class FaultRules;     // sidecar/policy/fault.h.
struct TokenClaims;   // sidecar/http/token_claims.h.

// What the metrics and the access log want to know; filled in on the way by the stage that knows.
// The texts live as long as the configuration that the exchange was routed by, which it keeps
// alive.
struct Marks {
  RequestCells* cells = nullptr;  // Null until the request was routed.
  std::string_view route;         // RouteRule::name; empty: none matched.
  std::string_view target;        // TargetSpec::name.
  std::string_view endpoint;      // Its address, of the last attempt.
  std::string_view policy;        // NAMESPACE/NAME/RULE that let it through or refused it, if any.
  std::uint16_t attempts = 0;     // Sent to a backend so far.
  std::uint16_t status = 0;       // Sent to the client; 0: nothing yet.
  std::int8_t grpc_status = -1;   // Of the answer or its trailers; -1: not known.
  std::string_view degraded;      // Which fallback answered: `cached`, `cluster`, `static`.
  ErrorKind reason =
      ErrorKind::none;              // Why we, not the backend, answered so; or what broke it off.
  std::uint64_t request_bytes = 0;  // Of bodies, as forwarded.
  std::uint64_t response_bytes = 0;
};

// One request on its way, and its answer on the way back. Belongs to the connection that it came
// on; pooled per worker. Every stage may take memory from `arena`; it lives until the last EndHook
// ran.
struct Exchange {
  Arena arena;
  Request request;
  Marks marks;
  TimePoint started{};               // The request's head was complete.
  std::string_view client_address;   // `127.0.0.1`, without port.
  std::string_view destination;      // `10.0.0.7:80`: meant by a captured one; else empty.
  std::string_view client_identity;  // Proved by its certificate, `spiffe://…`; empty: none.
  // The route's own; null: the target's. Lives as long as the generation that it was routed by.
  const RetryConfig* retry = nullptr;
  // What is to go wrong on purpose; null: nothing. Lives as long as that generation, too.
  const FaultRules* faults = nullptr;
  // Of the caller's token, which a JWTPolicy verified; null: there is none. In the arena.
  const TokenClaims* claims = nullptr;
  std::uint16_t caller_attempt = 1;  // Which attempt of another sidecar's this is.
  Criticality criticality = Criticality::normal;
  const void* tried = nullptr;           // The endpoint of the last attempt: another is preferred.
  std::uint64_t hash = 0;                // Of the key that balancing and splits use; 0: none.
  BodySink* client_sink = nullptr;       // Takes the answer's body.
  BodySource* client_source = nullptr;   // Gives the request's body.
  BodySink* backend_sink = nullptr;      // Takes the request's body; null: not yet ready for it.
  BodySource* backend_source = nullptr;  // Gives the answer's body.
  Pending* pending = nullptr;            // Null: nothing is under way.
  Deadlines deadlines;
  Replay replay;
  EndHook* hooks = nullptr;
  Exchange* next_free = nullptr;
  bool request_ended = false;  // The request's body was read to its end.
  bool is_sent_again = false;  // To the same target, whose retry budget has counted it already.

  void at_end(EndHook& hook) {
    hook.next = hooks;
    hooks = &hook;
  }

  // Keeps a copy of a piece of the request's body, while the whole is short enough.
  void keep_for_replay(std::string_view data);

  // Gives the body that was kept, whole, to the backend that takes it; to each attempt once:
  // `fed_attempt` says which had it, 0: none yet.
  void send_replay(std::uint16_t& fed_attempt);

  // Runs the hooks that were added since `mark` was the newest: an attempt is over, and the
  // exchange goes on.
  void end_since(const EndHook* mark);

  // Runs the hooks and forgets everything.
  void finish(const Error& error);
};

// A worker's spare exchanges, so that a request costs no malloc.
class Exchanges final {
 public:
  Exchanges() = default;
  Exchanges(const Exchanges&) = delete;
  Exchanges& operator=(const Exchanges&) = delete;
  ~Exchanges();

  Exchange& take();
  void give_back(Exchange& exchange);  // Needs a finished one.

 private:
  Exchange* spare_ = nullptr;
};

}  // namespace skiff
