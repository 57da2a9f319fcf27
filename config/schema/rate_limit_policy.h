#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/rate.h"
#include "base/units.h"
#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

// A part of what tells one bucket of a limit from another.
struct RateLimitKeyConfig {
  enum class Type { route, caller_identity, client_address, header, path_segment, jwt_claim };
  Type type = Type::caller_identity;
  std::string name{};         // Of the header.
  std::uint32_t segment = 1;  // Of the path, counted from 1.
  std::string claim{};        // Its name, or from the first `/` on a JSON Pointer (RFC 6901).
  Position position{};
};

struct RateLimitHeaderConfig {
  std::string name;
  std::string value;  // The whole one.
};

// Which requests count: all that is named must hold.
struct RateLimitMatchConfig {
  std::string path_prefix;                     // Whole segments; empty: any.
  std::vector<std::string> methods;            // Any of these; empty: any.
  std::vector<RateLimitHeaderConfig> headers;  // All of these.
};

// Where the buckets of scope `redis` are.
struct RateLimitRedisConfig {
  enum class OnError { allow, deny };
  std::string address;                // `127.0.0.1:6379`, `unix:/run/redis.sock`.
  Milliseconds timeout{20};           // Of one decision.
  OnError on_error = OnError::allow;  // What becomes of a request that Redis did not decide.
  std::string prefix = "skiff:";      // What our keys begin with.
  std::uint32_t max_waiting = 1'000;  // Decisions under way, of one worker.
};

// What the 429 says instead of the usual body.
struct RateLimitResponseConfig {
  std::string content_type = "application/json";
  std::string body;
};

// A token bucket, or one for each key: it holds at most `burst` tokens, gets `rate` of them, and
// gives one to each request.
struct RateLimitConfig {
  enum class Mode { enforce, shadow };
  enum class Scope { local, mesh, redis };
  std::string name;
  Rate rate;
  std::uint32_t burst = 1;
  std::vector<RateLimitKeyConfig> key;  // Empty: one bucket for all.
  RateLimitMatchConfig match;
  std::uint32_t max_keys = 10'000;  // Buckets in memory.
  Mode mode = Mode::enforce;
  Scope scope = Scope::local;
  std::optional<RateLimitRedisConfig> redis;  // There where scope is `redis`.
  RateLimitResponseConfig response;
};

// How many requests there may be: at a Service where they arrive, at a route where it is evaluated,
// at a Gateway of all that it takes. All policies that name a target count together.
struct RateLimitPolicy {
  Metadata metadata;
  std::vector<ObjectRef> target_refs;
  std::vector<RateLimitConfig> limits;
  Position position;
};

Shape describe(Of<RateLimitKeyConfig>);
Shape describe(Of<RateLimitHeaderConfig>);
Shape describe(Of<RateLimitMatchConfig>);
Shape describe(Of<RateLimitRedisConfig>);
Shape describe(Of<RateLimitResponseConfig>);
Shape describe(Of<RateLimitConfig>);
Shape describe(Of<RateLimitPolicy>);

}  // namespace skiff
