#include "sidecar/app/egress.h"

#include <utility>
#include <vector>

#include "sidecar/observe/observe.h"

namespace skiff {
namespace {

constexpr std::size_t most_cells = 1'000;  // Of addresses; then they are looked up anew.

EndpointSpecs only(std::string_view address) {
  EndpointSpec endpoint;
  endpoint.address = address;
  return std::vector{endpoint};
}

// What is known of an address outside: nothing.
TargetSpec outside(std::string_view address, Version version) {
  TargetSpec spec;
  spec.name = address;
  spec.authority = address;
  spec.protocol = version == Version::http_2  ? Protocol::http2
                  : version == Version::bytes ? Protocol::tcp
                                              : Protocol::http;
  spec.tls = TlsMode::disabled;
  spec.endpoints = only(address);
  return spec;
}

std::string_view word_of(Version version) {
  switch (version) {
    case Version::http_2:
      return "h2 ";
    case Version::bytes:
      return "bytes ";
    default:
      return "h1 ";
  }
}

std::string_view joined(Arena& arena, std::string_view one, std::string_view other) {
  char* const to = arena.allocate(one.size() + other.size(), 1);
  one.copy(to, one.size());
  other.copy(to + one.size(), other.size());
  return {to, one.size() + other.size()};
}

}  // namespace

Egress::Egress(const TargetContext& context, Generations& generations, CaptureConfig::Egress rule,
               RouterCounting counting)
    : targets_(context), generations_(generations), rule_(rule), counting_(std::move(counting)) {}

void Egress::forward(Exchange& exchange, Reply& reply) {
  Generation& generation = *generations_.current();
  const std::string_view address = exchange.destination;
  if (const TargetSpec* const service = generation.endpoints->find(address)) {
    generations_.use(generation, exchange);
    exchange.marks.route = "endpoint";
    mark_routed(exchange, cells(service->name, "endpoint"));
    const auto spec = [&] {
      TargetSpec direct = *service;
      direct.endpoints = only(address);
      return direct;
    };
    return targets_.forward(joined(exchange.arena, "endpoint ", address), generation.number, spec,
                            exchange, reply);
  }
  exchange.marks.route = "egress";
  mark_routed(exchange, cells(address, "egress"));
  if (rule_ == CaptureConfig::Egress::registry) {
    return reply.failed(exchange, {.kind = ErrorKind::unknown_service});
  }
  const Version version = exchange.request.version;
  targets_.forward(
      joined(exchange.arena, word_of(version), address), 0,
      [&] { return outside(address, version); }, exchange, reply);
}

RequestCells& Egress::cells(std::string_view destination, const char* route) {
  const auto found = cells_.find(destination);
  if (found != cells_.end()) return *found->second;
  if (cells_.size() >= most_cells) cells_.clear();
  SeriesLabels labels = counting_.labels;
  labels.destination = destination;
  labels.route = route;
  auto made = counting_.metrics.requests(labels);
  return *cells_.emplace(destination, std::move(made)).first->second;
}

}  // namespace skiff
