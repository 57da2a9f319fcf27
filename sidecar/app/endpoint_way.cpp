#include "sidecar/app/endpoint_way.h"

namespace skiff {

template <typename AnyPool>
struct EndpointWay::Lane {
  template <typename Settings>
  Lane(const EndpointWay& way, Speaks speaks, const Settings& settings)
      : connector(way.context_, way.to_, speaks, way.settings_.tls),
        pool(way.context_.loop, connector, settings, way.counters_) {}

  BackendConnector connector;
  AnyPool pool;
};

EndpointWay::EndpointWay(const ConnectorContext& context, const PoolCounters& counters,
                         BulkheadWaits& waits, const SocketAddress& to, const WaySettings& settings)
    : Way(waits, lanes_), context_(context), counters_(counters), to_(to), settings_(settings) {}

EndpointWay::~EndpointWay() = default;

void EndpointWay::Lanes::forward(Exchange& exchange, Reply& reply) {
  way_.lane(way_.settings_.spoken_for(exchange.request)).forward(exchange, reply);
}

Forwarder& EndpointWay::lane(Speaks speaks) {
  switch (speaks) {
    case Speaks::http2:
      if (http2_ == nullptr) {
        http2_ = std::make_unique<Lane<StreamPool>>(*this, speaks,
                                                    StreamPoolSettings{.pool = settings_.pool});
      }
      return http2_->pool;
    case Speaks::bytes:
      if (bytes_ == nullptr) bytes_ = std::make_unique<Lane<Pool>>(*this, speaks, for_bytes());
      return bytes_->pool;
    case Speaks::http1:
      break;
  }
  if (http1_ == nullptr) http1_ = std::make_unique<Lane<Pool>>(*this, speaks, settings_.pool);
  return http1_->pool;
}

// A connection that carries bytes is used once, by whom it was made for.
PoolSettings EndpointWay::for_bytes() const {
  PoolSettings settings = settings_.pool;
  settings.max_idle = 0;
  return settings;
}

void EndpointWay::configure() {
  if (http1_ != nullptr) http1_->pool.configure(settings_.pool);
  if (http2_ != nullptr) http2_->pool.configure({.pool = settings_.pool});
  if (bytes_ != nullptr) bytes_->pool.configure(for_bytes());
}

void EndpointWay::retire() {
  if (http1_ != nullptr) http1_->pool.retire();
  if (http2_ != nullptr) http2_->pool.retire();
  if (bytes_ != nullptr) bytes_->pool.retire();
}

bool EndpointWay::unused() const {
  return in_flight() == 0 && (http1_ == nullptr || http1_->pool.unused()) &&
         (http2_ == nullptr || http2_->pool.unused()) &&
         (bytes_ == nullptr || bytes_->pool.unused());
}

std::unique_ptr<Way> EndpointWays::make(const std::string&, const KnownEndpoint& to,
                                        const WaySettings& settings) {
  const auto address = parse_address(to.address);
  return std::make_unique<EndpointWay>(context_, counters_, waits_,
                                       address.value_or(SocketAddress{}), settings);
}

}  // namespace skiff
