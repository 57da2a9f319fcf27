#include "sidecar/app/limit_maker.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "sidecar/transport/tcp.h"

namespace skiff {

std::vector<std::unique_ptr<RateLimit>> LimitMaker::make(const RoutePlan& plan) {
  std::vector<std::unique_ptr<RateLimit>> limits;
  limits.reserve(plan.limits.size());
  for (const RateLimitSpec& spec : plan.limits) limits.push_back(make(spec));
  return limits;
}

std::vector<std::unique_ptr<Jwt>> LimitMaker::make(const TokenRules& rules,
                                                   std::span<const std::unique_ptr<Jwt>> before) {
  std::unordered_map<std::string_view, Jwt*> known;
  for (const auto& each : before)
    if (each != nullptr) known.emplace(each->name(), each.get());
  std::vector<std::unique_ptr<Jwt>> made;
  made.reserve(rules.size());
  for (const auto& each : rules) {
    made.push_back(each == nullptr ? nullptr : make(each));
    if (each == nullptr) continue;
    if (const auto found = known.find(each->name()); found != known.end())
      made.back()->take_memory_of(*found->second);
  }
  return made;
}

std::unique_ptr<Jwt> LimitMaker::make(const std::shared_ptr<const JwtRules>& rules) {
  const auto verdict = [&](std::string_view word) {
    return &counters_.tokens.at({rules->name(), std::string(word)});
  };
  JwtCounts counts{.valid = verdict("valid"),
                   .none = verdict("none"),
                   .refused = {},
                   .signatures = &counters_.token_signatures.at({rules->name()})};
  for (std::size_t i = 0; i < counts.refused.size(); ++i) {
    const std::size_t kind = static_cast<std::size_t>(ErrorKind::jwt_missing) + i;
    counts.refused[i] = verdict(about(static_cast<ErrorKind>(kind)).reason);
  }
  return std::make_unique<Jwt>(rules, counts);
}

std::unique_ptr<RateLimit> LimitMaker::make(const RateLimitSpec& spec) {
  const RateLimitConfig& config = spec.limit;
  const char* const mode = config.mode == RateLimitConfig::Mode::shadow ? "shadow" : "enforce";
  const auto verdicts = [&](const char* verdict) -> LabelledCounters::Cell& {
    return counters_.limits.at({spec.policy, config.name, verdict, mode});
  };
  RateLimit::Parts parts{.name = spec.name(),
                         .config = config,
                         .buckets = nullptr,
                         .redis = nullptr,
                         .counts = {verdicts("allowed"), verdicts("limited")}};
  const bool is_in_redis = config.scope == RateLimitConfig::Scope::redis;
  if (is_in_redis && in_redis_ == nullptr) {
    parts.redis = make_redis(spec);
  } else {
    const bool is_shared = config.scope == RateLimitConfig::Scope::mesh;
    LimitStates& states = is_in_redis ? *in_redis_ : states_;
    parts.buckets = states.of(parts.name,
                              {.rate = config.rate,
                               .burst = config.burst,
                               .shared_by = is_shared ? spec.peers : 1,
                               .max_keys = config.max_keys},
                              loop_.now());
  }
  return std::make_unique<RateLimit>(std::move(parts));
}

std::unique_ptr<RedisBuckets> LimitMaker::make_redis(const RateLimitSpec& spec) {
  const auto results = [&](const char* result) -> LabelledCounters::Cell& {
    return counters_.redis_decisions.at({spec.policy, spec.limit.name, result});
  };
  const RedisCounts counts{results("decided"), results("late"), results("lost"), results("refused"),
                           counters_.redis_time.at({spec.policy, spec.limit.name})};
  return std::make_unique<RedisBuckets>(
      RedisBuckets::Context{client_of(spec.limit.redis->address), pauses_, loop_, counts},
      spec.name(), spec.limit);
}

RedisClient& LimitMaker::client_of(const std::string& address) {
  auto& client = clients_[address];
  if (client == nullptr) {
    const auto begin = [this, to = parse_address(address)]() -> TransportPtr {
      return to.has_value() ? begin_tcp_connect(loop_, *to) : nullptr;
    };
    client = std::make_unique<RedisClient>(
        loop_, RedisClient::Dialer{.begin = begin, .error = &connect_error});
  }
  return *client;
}

}  // namespace skiff
