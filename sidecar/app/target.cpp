#include "sidecar/app/target.h"

#include <algorithm>
#include <utility>

#include "sidecar/pool/stream_pool.h"
#include "sidecar/route/split.h"

namespace skiff {
namespace {

bool is_http2(Protocol protocol) {
  return protocol == Protocol::http2 || protocol == Protocol::grpc;
}

PoolSettings pool_settings(const TrafficPolicy& policy) {
  const ConnectionPoolConfig& pool = policy.connection_pool;
  return {.max_connections = pool.max_connections,
          .max_waiting = pool.max_waiting,
          .max_requests_per_connection = pool.max_requests_per_connection,
          .max_idle = pool.max_idle,
          .max_wait = pool.max_wait,
          .connect_timeout = policy.timeouts.connect,
          .connection_idle = policy.timeouts.connection_idle};
}

bool uses_hash(const LoadBalancingConfig& config) {
  return config.algorithm == LoadBalancingConfig::Algorithm::ring_hash ||
         config.algorithm == LoadBalancingConfig::Algorithm::maglev;
}

SplitKey as_split_key(const HashKey& key) {
  switch (key.type) {
    case HashKey::Type::header:
      return {SplitKey::Type::header, key.name};
    case HashKey::Type::cookie:
      return {SplitKey::Type::cookie, key.name};
    case HashKey::Type::source_address:
      break;
  }
  return {SplitKey::Type::source_address, {}};
}

// What is spoken on the connections of one pool to one endpoint.
template <typename AnyPool, typename Settings>
struct Lane {
  Lane(const TargetContext& context, const SocketAddress& to, BackendSpeaks speaks,
       const Settings& settings)
      : connector(context.loop, to, speaks, context.client_settings),
        pool(context.loop, connector, settings, context.pool_counters) {}

  TcpConnector connector;
  AnyPool pool;
};

}  // namespace

// Connections that carry messages and such that carry bytes are never taken for each other.
struct Target::Way final : Forwarder {
  Way(const TargetContext& context, const SocketAddress& to, bool http2_messages,
      const PoolSettings& settings)
      : speaks_http2(http2_messages),
        http1(context, to, BackendSpeaks::http1, settings),
        http2(context, to, BackendSpeaks::http2, {.pool = settings}),
        bytes(context, to, BackendSpeaks::bytes, settings) {}

  void forward(Exchange& exchange, Reply& reply) override {
    if (exchange.request.version == Version::bytes) return bytes.pool.forward(exchange, reply);
    if (speaks_http2) return http2.pool.forward(exchange, reply);
    http1.pool.forward(exchange, reply);
  }
  void configure(const PoolSettings& settings) {
    http1.pool.configure(settings);
    http2.pool.configure({.pool = settings});
    bytes.pool.configure(settings);
  }
  void retire() {
    http1.pool.retire();
    http2.pool.retire();
    bytes.pool.retire();
  }
  bool unused() const { return http1.pool.unused() && http2.pool.unused() && bytes.pool.unused(); }

  const bool speaks_http2;
  Lane<Pool, PoolSettings> http1;
  Lane<StreamPool, StreamPoolSettings> http2;
  Lane<Pool, PoolSettings> bytes;
};

Target::Target(const TargetContext& context, const TargetSpec& spec)
    : context_(context),
      name_(spec.name),
      policy_(spec.policy),
      speaks_http2_(is_http2(spec.protocol)),
      endpoints_(policy_.load_balancing, policy_.slow_start, context.zone),
      balance_(endpoints_, *this, context.loop.random(), context.loop),
      retry_(policy_.retry, balance_),
      timeouts_(policy_.timeouts, retry_) {
  update(spec);
}

Target::~Target() = default;

void Target::forward(Exchange& exchange, Reply& reply) {
  if (uses_hash(policy_.load_balancing)) {
    exchange.hash = split_hash(as_split_key(policy_.load_balancing.hash_key),
                               exchange.client_address, exchange.request);
  }
  timeouts_.forward(exchange, reply);
}

void Target::update(const TargetSpec& spec) {
  policy_ = spec.policy;
  timeouts_.configure(policy_.timeouts);
  retry_.configure(policy_.retry);
  endpoints_.configure(policy_.load_balancing, policy_.slow_start, context_.loop.now());
  const PoolSettings settings = pool_settings(policy_);
  if (is_http2(spec.protocol) != speaks_http2_) speak_http2(!speaks_http2_);
  for (auto& [endpoint, way] : ways_) way->configure(settings);
  endpoints_.update(
      spec.endpoints, context_.loop.now(), [](Endpoint&) {},
      [this](Endpoint& endpoint) { removed(endpoint); });
  tidy();
}

Forwarder& Target::make_forwarder(Endpoint& endpoint) {
  const auto to = parse_address(endpoint.spec->address);
  auto& way = ways_[&endpoint];
  way = std::make_unique<Way>(context_, to.value_or(SocketAddress{}), speaks_http2_,
                              pool_settings(policy_));
  endpoint.forwarder = way.get();
  return *way;
}

// What is under way goes on as it began.
void Target::speak_http2(bool http2) {
  speaks_http2_ = http2;
  for (auto& [endpoint, way] : ways_) {
    endpoint->forwarder = nullptr;
    way->retire();
    retired_.push_back(std::move(way));
  }
  ways_.clear();
}

void Target::removed(Endpoint& endpoint) {
  const auto found = ways_.find(&endpoint);
  if (found == ways_.end()) return;
  found->second->retire();
  retired_.push_back(std::move(found->second));
  ways_.erase(found);
}

void Target::set_healthy(std::string_view address, bool healthy) {
  endpoints_.set_healthy(address, healthy, context_.loop.now());
}

Forwarder* Target::way_to(std::string_view address) {
  for (const auto& endpoint : endpoints_.endpoints()) {
    if (endpoint->spec->address != address) continue;
    return endpoint->forwarder != nullptr ? endpoint->forwarder : &make_forwarder(*endpoint);
  }
  return nullptr;
}

void Target::tidy() {
  std::erase_if(retired_, [](const auto& way) { return way->unused(); });
  endpoints_.forget_removed();
}

}  // namespace skiff
