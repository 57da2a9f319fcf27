#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

// Traffic from others to the application beside this sidecar.
struct InboundListener {
  std::string name;
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;
  std::string application;  // `127.0.0.1:5002`: where the application listens.
  Protocol protocol = Protocol::http;
  Position position;
};

// Traffic from the application to others.
struct OutboundListener {
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string
      service;  // `product` or `product.shop`: all goes there. Empty: by Host, or as an HTTP proxy.
  std::uint16_t service_port = 0;  // 0: the service's first port.
  Protocol protocol = Protocol::http;
  Position position;
};

// Traffic from outside the mesh, routed by the HTTPRoutes whose parent is the Gateway.
struct GatewayListener {
  std::string gateway;       // `shop` or `shop.default`: a Gateway resource.
  std::string section_name;  // One of its listeners. Empty: its only one.
  std::string address = "0.0.0.0";
  std::uint16_t port = 0;  // 0: the Gateway listener's port.
  Position position;
};

struct AdminConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 15000;
};

struct AccessLogConfig {
  enum class Mode { off, errors, sampled, all };
  enum class Format { json, text };
  Mode mode = Mode::errors;
  Format format = Format::json;
  Ratio sample{0.01};           // For `sampled`; errors are always logged.
  std::string path = "stdout";  // `stdout`, `stderr` or a file.
};

// Each of these refuses with its own reason when it is passed.
struct LimitsConfig {
  enum class Underscored { refuse, drop };
  Bytes header_bytes{64 * 1024};     // Request line and headers together: 431 (414 for the line).
  std::uint32_t header_count = 100;  // 431.
  Underscored underscored_headers = Underscored::refuse;  // `Content_Length` and the like: 400.
  Bytes line_bytes{8 * 1024};                 // The request line: 414. A header line: 431.
  Bytes body_bytes{0};                        // 413. 0: no limit.
  std::uint32_t connections = 10'000;         // From clients, per sidecar; more are closed at once.
  std::uint32_t requests_per_connection = 0;  // 0: no limit; at the limit: Connection: close.
};

struct ClientTimeouts {
  Milliseconds request_headers{10'000};     // First byte to last of a request's head: 408.
  Milliseconds connection_idle{3'600'000};  // Between requests.
  Milliseconds stream_idle{300'000};        // No byte either way within a request.
  Milliseconds half_closed{5'000};  // From a client's end to the begin of the answer it waits for.
  Milliseconds drain{45'000};       // From SIGTERM until what still runs is cut.
};

// The sidecar's own file.
struct SidecarConfig {
  Metadata metadata;
  std::string service;         // Which service this sidecar stands beside.
  std::string ns = "default";  // `namespace` in YAML: the namespace of that service.
  std::string zone;
  std::uint32_t workers = 1;
  std::vector<InboundListener> inbound;
  std::vector<OutboundListener> outbound;
  std::vector<GatewayListener> gateway;
  AdminConfig admin;
  std::string policies;  // A directory (relative: to this file) of the resources; watched.
  AccessLogConfig access_log;
  LimitsConfig limits;
  ClientTimeouts timeouts;
  std::string log_level = "info";  // trace, debug, info, warn, error, off.
  Position position;
};

Shape describe(Of<InboundListener>);
Shape describe(Of<OutboundListener>);
Shape describe(Of<GatewayListener>);
Shape describe(Of<AdminConfig>);
Shape describe(Of<AccessLogConfig>);
Shape describe(Of<LimitsConfig>);
Shape describe(Of<ClientTimeouts>);
Shape describe(Of<SidecarConfig>);

}  // namespace skiff
