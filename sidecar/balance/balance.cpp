#include "sidecar/balance/balance.h"

#include <utility>

namespace skiff {
namespace {

// Where an endpoint is full, so many others are looked at.
constexpr int most_picks = 4;

// One attempt at one endpoint.
class Attempt final : public PassingReply, public EndHook {
 public:
  Attempt(Reply& outer, EndpointSet& endpoints, Endpoint& endpoint, const Clock& clock)
      : PassingReply(outer),
        endpoints_(endpoints),
        endpoint_(endpoint),
        clock_(clock),
        begun_(clock.now()) {
    endpoints_.started(endpoint_);
  }

  void answered(Exchange& exchange, Response& response) override {
    const TimePoint now = clock_.now();
    const bool bad = response.status >= 500 || response.status == 429;
    endpoints_.answered(endpoint_, now - begun_, bad, now);
    endpoint_.refuses = false;
    PassingReply::answered(exchange, response);
  }

  void failed(Exchange& exchange, const Error& error) override {
    // Neither a client's fault nor the end of an idle connection says anything of the endpoint.
    if (about(error.kind).source != ErrorSource::client && !error.reused) {
      const TimePoint now = clock_.now();
      const bool bad = error.kind != ErrorKind::hedge_lost;  // Only slow: so long, at least.
      endpoints_.answered(endpoint_, now - begun_, bad, now);
    }
    look_at_connection(error);
    release();
    PassingReply::failed(exchange, error);
  }

  void ended(Exchange&, const Error&) override { release(); }

 private:
  void look_at_connection(const Error& error) {
    if (error.kind == ErrorKind::connect_failed || error.kind == ErrorKind::timeout_connect) {
      endpoint_.refuses = true;
    } else if (error.kind == ErrorKind::upstream_reset && !error.reused) {
      endpoint_.refuses = false;
    }
  }
  void release() {
    if (!std::exchange(released_, true)) endpoints_.ended(endpoint_);
  }

  EndpointSet& endpoints_;
  Endpoint& endpoint_;
  const Clock& clock_;
  const TimePoint begun_;
  bool released_ = false;
};

}  // namespace

Forwarder& Balance::way_to(Endpoint& endpoint) {
  return endpoint.forwarder != nullptr ? *endpoint.forwarder : forwarders_.make_forwarder(endpoint);
}

bool Balance::is_full(Endpoint& endpoint) {
  way_to(endpoint);
  return endpoint.full != nullptr && endpoint.full->load(std::memory_order_relaxed);
}

Endpoint* Balance::pick(const Exchange& exchange) {
  Pick pick{.now = clock_.now(),
            .hash = exchange.hash,
            .avoid = static_cast<const Endpoint*>(exchange.tried)};
  Endpoint* const chosen = endpoints_.pick(pick, random_);
  Endpoint* other = chosen;
  for (int i = 0; i < most_picks && other != nullptr && is_full(*other); ++i) {
    pick.avoid = other;
    other = endpoints_.pick(pick, random_);
  }
  return other == nullptr || is_full(*other) ? chosen : other;
}

void Balance::forward(Exchange& exchange, Reply& reply) {
  Endpoint* endpoint = pick(exchange);
  if (endpoint == nullptr) return reply.failed(exchange, {.kind = ErrorKind::no_endpoint});
  exchange.tried = endpoint;
  exchange.marks.endpoint = exchange.arena.copy(endpoint->spec->address);  // It may go meanwhile.
  auto* attempt = exchange.arena.make<Attempt>(reply, endpoints_, *endpoint, clock_);
  exchange.at_end(*attempt);
  way_to(*endpoint).forward(exchange, *attempt);
}

}  // namespace skiff
