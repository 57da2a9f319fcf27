#include "sidecar/app/target.h"

#include <algorithm>
#include <utility>

#include "config/schema/spiffe_id.h"
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

WaySettings way_settings(const TargetContext& context, const TargetSpec& spec) {
  const MeshIdentity& own = context.identity;
  WaySettings settings{.protocol = spec.protocol, .tls = {}, .pool = pool_settings(spec.policy)};
  settings.tls.secure =
      spec.tls == TlsMode::strict || (spec.tls == TlsMode::permissive && own.tls != nullptr);
  settings.tls.scope = spec.name;
  for (const std::string& identity : spec.identities) {
    settings.tls.identities.push_back(full_identity(identity, own.trust_domain));
  }
  return settings;
}

// Whether connections that were made by the one are of no use for the other.
bool differ_in_kind(const WaySettings& one, const WaySettings& other) {
  return one.protocol != other.protocol || one.tls.secure != other.tls.secure ||
         one.tls.identities != other.tls.identities;
}

}  // namespace

Target::Target(const TargetContext& context, const TargetSpec& spec)
    : context_(context),
      name_(spec.name),
      load_balancing_(spec.policy.load_balancing),
      calling_(way_settings(context, spec)),
      state_(context.states.of(spec.name)),
      endpoints_(load_balancing_, spec.policy.slow_start, context.zone),
      chain_({context.loop, context.pauses, context.waits, endpoints_, *this, !spec.is_application},
             state_, spec.policy) {
  update(spec);
}

Target::~Target() = default;

void Target::forward(Exchange& exchange, Reply& reply) {
  if (uses_hash(load_balancing_)) {
    exchange.hash = split_hash(as_split_key(load_balancing_.hash_key), exchange.client_address,
                               exchange.request);
  }
  chain_.forward(exchange, reply);
}

void Target::update(const TargetSpec& spec) {
  load_balancing_ = spec.policy.load_balancing;
  limits_endpoints_ = spec.policy.bulkhead.endpoint.has_value();
  chain_.configure(spec.policy);
  endpoints_.configure(load_balancing_, spec.policy.slow_start, context_.loop.now());
  call_by(way_settings(context_, spec));
  for (auto& [endpoint, way] : ways_) limit(*endpoint, *way);
  endpoints_.update(
      spec.endpoints, context_.loop.now(), [](Endpoint&) {},
      [this](Endpoint& endpoint) { removed(endpoint); });
  chain_.set_endpoints(spec.endpoints);
  tidy();
}

Forwarder& Target::make_forwarder(Endpoint& endpoint) {
  auto& way = ways_[&endpoint];
  way = context_.ways.make(name_, *endpoint.spec, calling_);
  endpoint.forwarder = way.get();
  limit(endpoint, *way);
  return *way;
}

void Target::limit(Endpoint& endpoint, Way& way) {
  const std::string address(endpoint.spec->address);
  auto bulkhead = limits_endpoints_ ? state_->bulkheads().endpoint(address) : nullptr;
  endpoint.full = bulkhead == nullptr ? nullptr : &bulkhead->is_full();
  way.limit_by(std::move(bulkhead));
  way.watch_by(chain_.watch(address));
}

// Where connections change in kind, what is under way goes on as it began.
void Target::call_by(WaySettings settings) {
  const bool anew = differ_in_kind(settings, calling_);
  calling_ = std::move(settings);
  if (!anew) {
    for (auto& [endpoint, way] : ways_) way->configure();
    return;
  }
  for (auto& [endpoint, way] : ways_) {
    endpoint->forwarder = nullptr;
    endpoint->full = nullptr;
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
  chain_.set_healthy(address, healthy);
}

Forwarder* Target::way_for_probes(std::string_view address) {
  for (const auto& endpoint : endpoints_.endpoints()) {
    if (endpoint->spec->address != address) continue;
    if (endpoint->forwarder == nullptr) make_forwarder(*endpoint);
    return &ways_[endpoint.get()]->for_probes();
  }
  return nullptr;
}

void Target::tidy() {
  std::erase_if(retired_, [](const auto& way) { return way->unused(); });
  endpoints_.forget_removed();
}

}  // namespace skiff
