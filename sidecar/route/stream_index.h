#pragma once

#include <string_view>
#include <vector>

#include "sidecar/http/message.h"
#include "sidecar/route/host_index.h"

namespace skiff {

struct RouteRule;

// The rules of one port for connections of Version::bytes. Rules outlive it.
class StreamIndex final {
 public:
  // For connections of TLS that name a server which `hostname` stands for; empty: any, or none. The
  // first to come keeps a name.
  void add_tls(std::string_view hostname, const RouteRule* rule);
  // For all others; the first to come stays.
  void add_bytes(const RouteRule* rule);

  // By the server that the request names in its authority, the most specific; null: none.
  const RouteRule* find(const Request& request) const;

 private:
  HostIndex servers_;
  std::vector<const RouteRule*> of_servers_;
  const RouteRule* rest_ = nullptr;
};

}  // namespace skiff
