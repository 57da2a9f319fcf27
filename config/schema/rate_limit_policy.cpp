#include "config/schema/rate_limit_policy.h"

#include <algorithm>

#include "config/schema/each_once.h"
#include "config/schema/resource_shape.h"

namespace skiff {
namespace {

// Names are not looked up: a decision may not wait for that.
void check_redis(const RateLimitRedisConfig& redis, const Complain& complain) {
  if (redis.address.starts_with("unix:")) return;
  std::string_view host = redis.address;
  host = host.substr(0, host.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (!canonical_address(host).empty()) return;
  complain("address", "is a name, which is not looked up",
           "an address of IPv4 or IPv6 and a port, or unix: and a path");
}

void check_limit(const RateLimitConfig& limit, const Complain& complain) {
  const bool needs_redis = limit.scope == RateLimitConfig::Scope::redis;
  if (needs_redis && !limit.redis) {
    complain("redis", "is missing, as scope is REDIS", "the address of a Redis");
  } else if (!needs_redis && limit.redis) {
    complain("redis", "is not used, as scope is not REDIS", "scope REDIS, or no redis");
  }
}

void check_policy(const RateLimitPolicy& policy, const Complain& complain) {
  const bool is_at_service = std::ranges::any_of(
      policy.target_refs, [](const ObjectRef& ref) { return ref.kind == "Service"; });
  const auto is_route = [](const RateLimitKeyConfig& key) {
    return key.type == RateLimitKeyConfig::Type::route;
  };
  check_each_once(policy.limits, &RateLimitConfig::name,
                  {"limits", "name", "is the name of another limit too", "each name once"},
                  complain);
  for (std::size_t i = 0; i < policy.limits.size(); ++i) {
    const RateLimitConfig& limit = policy.limits[i];
    const auto route = std::ranges::find_if(limit.key, is_route);
    if (!is_at_service || route == limit.key.end()) continue;
    complain(item(item("limits", i, "key"), static_cast<std::size_t>(route - limit.key.begin())),
             "is Route, which is not known where requests arrive at a Service",
             "other keys, or targetRefs of routes and Gateways");
  }
  for (std::size_t i = 0; i < policy.target_refs.size(); ++i) {
    const ObjectRef& ref = policy.target_refs[i];
    if (ref.kind != "Service" || ref.section_name.empty()) continue;
    complain(item("targetRefs", i, "sectionName"), "does not belong to kind Service",
             "no sectionName: the limit is for all of its ports");
  }
}

Shape describe_spec() {
  Shape shape = Shape::of<RateLimitPolicy>("How many requests there may be in a time.");
  shape
      .field("targetRefs", &RateLimitPolicy::target_refs,
             "For what. A Service: decided where its requests arrive, by its own sidecar. A route: "
             "where it is evaluated. A Gateway: for all that it takes.")
      .shaped(describe_limit_target_ref())
      .items(1, 16)
      .required();
  shape
      .field("limits", &RateLimitPolicy::limits,
             "A request needs a token of each of these that it matches.")
      .items(1, 16)
      .required();
  shape.check(&check_policy);
  return shape;
}

// The fields that say how a limit counts, beside those that say what.
void describe_counting(Shape& shape) {
  using Config = RateLimitConfig;
  shape.field("maxKeys", &Config::max_keys, "Buckets kept in memory; the least recently used goes.")
      .range(1, 1'000'000);
  shape.field("mode", &Config::mode, "SHADOW: only count what it would have done.")
      .one_of({"ENFORCE", "SHADOW"});
  shape
      .field("scope", &Config::scope,
             "Who shares the buckets. LOCAL: nobody; each sidecar has its own. MESH: each sidecar "
             "has its share, which is the rate and burst divided by the endpoints of its own "
             "service. REDIS: all sidecars that use this policy and this Redis.")
      .one_of({"LOCAL", "MESH", "REDIS"});
  shape.field("redis", &Config::redis, "Where the buckets are, with scope REDIS.");
  shape.field("response", &Config::response, "What the 429 says.");
}

}  // namespace

Shape describe(Of<RateLimitKeyConfig>) {
  using Config = RateLimitKeyConfig;
  Shape shape = Shape::of<Config>("A part of what tells one bucket from another.");
  shape
      .field("type", &Config::type,
             "Route: the route's rule. CallerIdentity: what the caller's certificate proved; those "
             "without one share a bucket. ClientAddress: where the connection comes from. Header: "
             "what the caller writes, so not who it is. PathSegment: a part of the path. JWTClaim: "
             "what "
             "the caller's token says, together with its issuer; a JWTPolicy of the same target "
             "verifies it.")
      .one_of({"Route", "CallerIdentity", "ClientAddress", "Header", "PathSegment", "JWTClaim"})
      .required();
  shape.field("name", &Config::name, "Of the header.")
      .obeys(text_rules::header_name)
      .required()
      .only_for("type", {"Header"});
  shape.field("segment", &Config::segment, "Which part of the path: of /a/b, 1 is a.")
      .range(1, 32)
      .only_for("type", {"PathSegment"});
  shape
      .field("claim", &Config::claim,
             "The claim's name, such as sub; with a / first, the way to it by JSON Pointer (RFC "
             "6901), such as /realm/tenant. A text of at most 256 bytes, a number or a boolean; "
             "what else it is counts as missing.")
      .obeys(text_rules::claim)
      .required()
      .only_for("type", {"JWTClaim"});
  shape.position(&Config::position);
  return shape;
}

Shape describe(Of<RateLimitHeaderConfig>) {
  Shape shape = Shape::of<RateLimitHeaderConfig>("A header and its whole value.");
  shape.field("name", &RateLimitHeaderConfig::name, "Its name, in any case.")
      .obeys(text_rules::header_name)
      .required();
  shape.field("value", &RateLimitHeaderConfig::value, "The whole value.")
      .obeys(text_rules::header_value)
      .required();
  return shape;
}

Shape describe(Of<RateLimitMatchConfig>) {
  using Config = RateLimitMatchConfig;
  Shape shape = Shape::of<Config>("Which requests count: all that is named must hold.");
  shape
      .field("pathPrefix", &Config::path_prefix,
             "The path begins so, by whole parts: /api is of /api and /api/x, not of /apis.")
      .obeys(text_rules::absolute_path);
  shape.field("methods", &Config::methods, "Any of these methods; gRPC is POST.")
      .obeys(text_rules::http_method_token)
      .items(1, 64);
  shape.field("headers", &Config::headers, "The request says all of these.").items(1, 16);
  return shape;
}

Shape describe(Of<RateLimitRedisConfig>) {
  using Config = RateLimitRedisConfig;
  Shape shape = Shape::of<Config>("The Redis that has the buckets.");
  shape.field("address", &Config::address, "Where it listens.")
      .obeys(text_rules::application)
      .required();
  shape.field("timeout", &Config::timeout, "How long a request waits for a decision.")
      .range(Milliseconds(1), std::chrono::seconds(10));
  shape
      .field(
          "onError", &Config::on_error,
          "What becomes of a request that Redis did not decide in time. ALLOW: it goes on. DENY: "
          "503 rate_limit_unavailable.")
      .one_of({"ALLOW", "DENY"});
  shape.field("prefix", &Config::prefix, "What the names of the buckets begin with there.")
      .obeys(text_rules::header_value);
  shape
      .field("maxWaiting", &Config::max_waiting,
             "Decisions that may be under way, of each worker; for more holds onError at once.")
      .range(1, 100'000);
  shape.check(&check_redis);
  return shape;
}

Shape describe(Of<RateLimitResponseConfig>) {
  using Config = RateLimitResponseConfig;
  Shape shape = Shape::of<Config>("The body of the 429; of gRPC there is none.");
  shape.field("contentType", &Config::content_type, "What the body is.")
      .obeys(text_rules::header_value);
  shape.field("body", &Config::body, "Left out: the usual one, JSON with the reason.");
  return shape;
}

Shape describe(Of<RateLimitConfig>) {
  using Config = RateLimitConfig;
  Shape shape = Shape::of<Config>(
      "A token bucket, or one for each key: in any time t it lets through at most rate * t + burst "
      "requests.");
  shape.field("name", &Config::name, "What answers, metrics and the log call it.")
      .obeys(text_rules::dns_label)
      .required();
  shape.field("rate", &Config::rate, "How fast tokens come.").required();
  shape.field("burst", &Config::burst, "How many tokens there are at most, and at first.")
      .range(1, 1'000'000)
      .required();
  shape
      .field("key", &Config::key,
             "What has a bucket of its own: each combination of these. Left out: all share one.")
      .items(1, 8);
  shape.field("match", &Config::match, "Which requests count. Left out: all.");
  describe_counting(shape);
  shape.check(&check_limit);
  return shape;
}

Shape describe(Of<RateLimitPolicy>) {
  return describe_resource<RateLimitPolicy>("RateLimitPolicy", {"skiff.dev/v1"},
                                            "How many requests there may be in a time.",
                                            describe_spec());
}

}  // namespace skiff
