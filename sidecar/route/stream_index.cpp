#include "sidecar/route/stream_index.h"

namespace skiff {

void StreamIndex::add_tls(std::string_view hostname, const RouteRule* rule) {
  servers_.add(hostname, static_cast<HostIndex::Value>(of_servers_.size()));
  of_servers_.push_back(rule);
}

void StreamIndex::add_bytes(const RouteRule* rule) {
  if (rest_ == nullptr) rest_ = rule;
}

const RouteRule* StreamIndex::find(const Request& request) const {
  const RouteRule* found = nullptr;
  if (request.scheme == "tls" && !of_servers_.empty()) {
    servers_.visit(request.authority, [&](HostIndex::Value index) {
      found = of_servers_[index];
      return true;
    });
  }
  return found != nullptr ? found : rest_;
}

}  // namespace skiff
