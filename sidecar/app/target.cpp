#include "sidecar/app/target.h"

#include <algorithm>
#include <utility>

#include "sidecar/app/tcp_connector.h"
#include "sidecar/route/split.h"

namespace skiff {
namespace {

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

}  // namespace

// Connections that carry messages and such that carry bytes are never taken for each other.
struct Target::Way final : Forwarder {
  Way(const TargetContext& target_context, const SocketAddress& to, const PoolSettings& settings)
      : context(target_context),
        connector(context.loop, to, TcpConnector::Speaks::http1, context.answer_limits),
        bytes_connector(context.loop, to, TcpConnector::Speaks::bytes, context.answer_limits),
        pool(context.loop, connector, settings, context.pool_counters),
        bytes_pool(context.loop, bytes_connector, settings, context.pool_counters) {}

  void forward(Exchange& exchange, Reply& reply) override {
    (exchange.request.version == Version::bytes ? bytes_pool : pool).forward(exchange, reply);
  }
  void configure(const PoolSettings& settings) {
    pool.configure(settings);
    bytes_pool.configure(settings);
  }
  void retire() {
    pool.retire();
    bytes_pool.retire();
  }
  bool unused() const { return pool.unused() && bytes_pool.unused(); }

  const TargetContext& context;
  TcpConnector connector;
  TcpConnector bytes_connector;
  Pool pool;
  Pool bytes_pool;
};

Target::Target(const TargetContext& context, const TargetSpec& spec)
    : context_(context),
      name_(spec.name),
      policy_(spec.policy),
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
  for (auto& [endpoint, way] : ways_) way->configure(settings);
  endpoints_.update(
      spec.endpoints, context_.loop.now(), [](Endpoint&) {},
      [this](Endpoint& endpoint) { removed(endpoint); });
  tidy();
}

Forwarder& Target::make_forwarder(Endpoint& endpoint) {
  const auto to = parse_address(endpoint.spec->address);
  auto& way = ways_[&endpoint];
  way = std::make_unique<Way>(context_, to.value_or(SocketAddress{}), pool_settings(policy_));
  endpoint.forwarder = way.get();
  return *way;
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
