#include "sidecar/observe/observe.h"

namespace skiff {
namespace {

// What the client asked for; the stages behind may rewrite the request.
struct Asked {
  std::string_view method;
  std::string_view authority;
  std::string_view path;
};

Asked asked_by(const Request& request) {
  return {request.method_name, request.authority, request.path};
}

struct End {
  unsigned status;
  ErrorKind reason;
  Duration took;
};

End end_of(const Exchange& exchange, const Error& error, const Clock& clock) {
  const Marks& marks = exchange.marks;
  const ErrorKind reason = marks.reason != ErrorKind::none ? marks.reason : error.kind;
  const unsigned status =
      marks.status == 0 && reason != ErrorKind::none ? about(reason).status : marks.status;
  const Duration took =
      exchange.started == TimePoint{} ? Duration::zero() : clock.now() - exchange.started;
  return {status, reason, took};
}

// A tunnel lasts as long as its ends talk, which says nothing about us.
bool became_tunnel(const Exchange& exchange, unsigned status) {
  return status == 101 || exchange.request.version == Version::bytes ||
         (exchange.request.method == Method::connect && status / 100 == 2);
}

void count(RequestCells& cells, const Exchange& exchange, const End& end) {
  const Marks& marks = exchange.marks;
  const unsigned status_class = status_class_of(end.status);
  if (end.reason == ErrorKind::none) {
    cells.answered[status_class].add();
  } else {
    cells.reasons.add(status_class, end.reason);
  }
  if (!became_tunnel(exchange, end.status)) cells.latency.add(end.took);
  cells.attempts.add(marks.attempts);
  if (marks.attempts > 1) cells.retries.add(marks.attempts - 1u);
  if (marks.request_bytes > 0) cells.request_bytes.add(marks.request_bytes);
  if (marks.response_bytes > 0) cells.response_bytes.add(marks.response_bytes);
  cells.finished.add();
}

void tell(const ObserveSettings& to, const Exchange& exchange, const Asked& asked, const End& end) {
  const Marks& marks = exchange.marks;
  const Field* const id = exchange.request.headers.find(FieldId::x_request_id);
  to.log->write({.direction = to.direction,
                 .method = asked.method,
                 .authority = asked.authority,
                 .path = asked.path,
                 .status = end.status,
                 .reason = end.reason,
                 .took = end.took,
                 .request_bytes = marks.request_bytes,
                 .response_bytes = marks.response_bytes,
                 .route = marks.route,
                 .target = marks.target,
                 .endpoint = marks.endpoint,
                 .attempts = marks.attempts,
                 .client = exchange.client_address,
                 .identity = exchange.client_identity,
                 .policy = marks.policy,
                 .degraded = marks.degraded,
                 .request_id = id == nullptr ? std::string_view() : id->value()});
}

void account(const ObserveSettings& to, const Exchange& exchange, const Asked& asked,
             const Error& error) {
  const End end = end_of(exchange, error, to.clock);
  if (exchange.marks.cells != nullptr) {
    count(*exchange.marks.cells, exchange, end);
  } else {
    to.metrics.refused(to.direction, end.status, end.reason);
  }
  const std::string_view degraded = exchange.marks.degraded;
  if (!degraded.empty()) {
    to.metrics.named.degraded.answered(exchange.marks.target, degraded, to.clock.now());
  }
  if (to.log == nullptr) return;
  if (to.log->wants(end.status, end.reason) || !degraded.empty()) tell(to, exchange, asked, end);
}

// Lies in the exchange's arena.
class Observation final : public EndHook {
 public:
  Observation(const ObserveSettings& settings, const Asked& asked)
      : settings_(settings), asked_(asked) {}

  void ended(Exchange& exchange, const Error& error) override {
    account(settings_, exchange, asked_, error);
  }

 private:
  const ObserveSettings& settings_;
  const Asked asked_;
};

class Observe final : public Forwarder {
 public:
  Observe(const ObserveSettings& settings, Forwarder& inner) : settings_(settings), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    exchange.at_end(*exchange.arena.make<Observation>(settings_, asked_by(exchange.request)));
    inner_.forward(exchange, reply);
  }

 private:
  const ObserveSettings settings_;
  Forwarder& inner_;
};

}  // namespace

std::unique_ptr<Forwarder> make_observe(const ObserveSettings& settings, Forwarder& inner) {
  return std::make_unique<Observe>(settings, inner);
}

void mark_routed(Exchange& exchange, RequestCells& cells) {
  exchange.marks.cells = &cells;
  cells.started.add();
}

void observe_refused(const ObserveSettings& settings, const Exchange& exchange,
                     const Error& error) {
  account(settings, exchange, asked_by(exchange.request), error);
}

}  // namespace skiff
