#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/http_route.h"
#include "config/schema/retry.h"

namespace skiff {

// One thing that can answer where a target cannot.
struct FallbackStep {
  enum class Type { cached, cluster, static_answer };

  Type type = Type::cached;
  // CACHED: the last good answer to the same GET.
  Milliseconds max_age{300'000};
  Bytes max_bytes{16 * 1024 * 1024};  // Of all answers kept; the least recently used go.
  std::uint32_t max_entries = 1'000;
  Bytes max_answer_bytes{256 * 1024};  // A longer body is not kept.
  // CLUSTER: another service.
  ObjectRef backend_ref;
  // STATIC: always the same.
  std::uint16_t status = 200;
  std::vector<HTTPHeader> headers;
  std::string body;
  std::string content_type = "application/json";
  std::optional<GrpcStatus> grpc_status;  // To calls of gRPC. Left out: they are not answered so.
};

// In their order: the first that can answer does.
using FallbackConfig = std::vector<FallbackStep>;

Shape describe(Of<FallbackStep>);

}  // namespace skiff
