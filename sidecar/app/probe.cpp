#include "sidecar/app/probe.h"

#include <utility>

namespace skiff {

void send_probe(OwnCalls& calls, Forwarder& endpoint, const ProbeRequest& asked,
                OwnCalls::Done done) {
  Exchange& exchange = calls.prepare();
  Arena& arena = exchange.arena;
  Request& request = exchange.request;
  request.method_name = "GET";
  request.authority = arena.copy(asked.host);
  request.target = arena.copy(asked.path);
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string_view::npos) request.query = request.target.substr(question + 1);
  request.headers.add(arena, "user-agent", "skiff-health");
  calls.send(exchange, endpoint, asked.timeout, std::move(done));
}

}  // namespace skiff
