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
  std::string application;         // `127.0.0.1:5002` or `unix:/run/app.sock`: where it listens.
  std::uint16_t service_port = 0;  // Which of the service's ports it serves. 0: the first.
  Protocol protocol = Protocol::http;
  std::optional<TlsMode> tls;  // Nothing: what MeshTLS says, else permissive.
  Position position;
};

// Traffic from the application to others.
struct OutboundListener {
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string unix_socket;  // A path, instead of address and port.
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

struct FederatedBundle {
  std::string trust_domain;
  std::string bundle;  // File.
};

// Who this sidecar proves to be, and whom it believes. Files (PEM) are relative to the sidecar's
// own file and watched; what cannot be used leaves in force what was.
struct IdentityConfig {
  std::string trust_domain;
  std::string certificate;  // The leaf first, then what leads to a root.
  std::string key;
  std::string bundle;  // The roots of the own trust domain.
  std::vector<FederatedBundle> federated;
};

// All traffic of the machine or container comes by way of the sidecar, without anybody naming it.
struct CaptureConfig {
  enum class Egress { allow, registry };  // To what is no service: let out, or refused.
  enum class Addresses { both, ipv4, ipv6 };
  std::uint16_t inbound_port = 15'006;
  std::uint16_t outbound_port = 15'001;
  std::vector<std::uint16_t> exclude_inbound_ports;
  std::vector<std::uint16_t> exclude_outbound_ports;
  std::vector<std::string> exclude_outbound_addresses;  // `10.0.0.0/8`, `fd00::/8`.
  std::optional<std::uint32_t>
      user;  // Whose traffic is left alone: the sidecar's. Nothing: its own.
  Egress egress = Egress::allow;
  Addresses addresses = Addresses::both;
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

// Of one connection that speaks HTTP/2, beside LimitsConfig, whose limits of headers hold too.
struct Http2LimitsConfig {
  std::uint32_t concurrent_streams = 1'000;  // A client's; more are refused, and may be retried.
  Bytes stream_window{256 * 1024};
  Bytes connection_window{4 * 1024 * 1024};
  std::uint32_t glitch_burst = 1'000;       // Frames that serve nothing: so many at once,
  std::uint32_t glitches_per_second = 100;  // and so many a second.
  Bytes write_buffer{1024 * 1024};
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
  Http2LimitsConfig http2;
};

struct ClientTimeouts {
  Milliseconds request_headers{10'000};     // First byte to last of a request's head: 408.
  Milliseconds connection_idle{3'600'000};  // Between requests.
  Milliseconds stream_idle{300'000};        // No byte either way within a request.
  Milliseconds half_closed{5'000};  // From a client's end to the begin of the answer it waits for.
  Milliseconds detect{100};         // Until bytes came that tell what a client speaks.
  Milliseconds tls_handshake{5'000};  // Until a TLS handshake is done.
  Milliseconds connection_age{0};     // Then HTTP/2 connections are told to go. 0s: never.
  Milliseconds drain{45'000};         // From SIGTERM until what still runs is cut.
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
  std::optional<IdentityConfig> identity;  // Nothing: no mutual TLS.
  std::optional<CaptureConfig> capture;    // Nothing: only the listeners above.
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
Shape describe(Of<FederatedBundle>);
Shape describe(Of<IdentityConfig>);
Shape describe(Of<CaptureConfig>);
Shape describe(Of<AdminConfig>);
Shape describe(Of<AccessLogConfig>);
Shape describe(Of<Http2LimitsConfig>);
Shape describe(Of<LimitsConfig>);
Shape describe(Of<ClientTimeouts>);
Shape describe(Of<SidecarConfig>);

}  // namespace skiff
