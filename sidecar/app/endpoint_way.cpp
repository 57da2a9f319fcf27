#include "sidecar/app/endpoint_way.h"

#include <utility>

namespace skiff {
namespace {

bool is_grpc(const Request& request) {
  const Field* const type = request.headers.find(FieldId::content_type);
  return type != nullptr && type->value().starts_with("application/grpc");
}

}  // namespace

Speaks WaySettings::spoken_for(const Request& request) const {
  if (request.version == Version::bytes) return Speaks::bytes;
  if (tls.secure || declared(protocol) == Speaks::http2) return Speaks::http2;
  return protocol == Protocol::detect && is_grpc(request) ? Speaks::http2 : Speaks::http1;
}

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
    : context_(context),
      counters_(counters),
      to_(to),
      settings_(settings),
      limit_(waits, lanes_),
      watched_(nullptr, waits.loop(), limit_) {}

EndpointWay::~EndpointWay() = default;

void EndpointWay::Lanes::forward(Exchange& exchange, Reply& reply) {
  way_.lane(way_.settings_.spoken_for(exchange.request)).forward(exchange, reply);
}

void EndpointWay::limit_by(std::shared_ptr<Bulkhead> bulkhead) {
  limit_.use(bulkhead.get());
  if (bulkhead != nullptr) bulkhead_ = std::move(bulkhead);
}

void EndpointWay::watch_by(std::shared_ptr<Admission> watch) {
  watched_.use(watch.get());
  if (watch != nullptr) watch_ = std::move(watch);
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
  return limit_.in_flight() == 0 && (http1_ == nullptr || http1_->pool.unused()) &&
         (http2_ == nullptr || http2_->pool.unused()) &&
         (bytes_ == nullptr || bytes_->pool.unused());
}

}  // namespace skiff
