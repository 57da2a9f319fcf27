#include "config/schema/sidecar.h"

#include <set>

#include "config/schema/each_once.h"
#include "config/schema/shape.h"

namespace skiff {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr Milliseconds off{0};
constexpr Milliseconds shortest{1};

// Two listeners cannot share an address; port 0 of a gateway listener is known only later.
void check_addresses(const SidecarConfig& config, const Complain& complain) {
  std::set<std::pair<std::string_view, std::uint16_t>> taken;
  const auto check = [&](std::string_view address, std::uint16_t port, const std::string& field) {
    if (port == 0 || taken.insert({address, port}).second) return;
    complain(field, "another listener has this address and port", "each address and port once");
  };
  const auto check_all = [&check](const auto& listeners, const std::string& field) {
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      check(listeners[i].address, listeners[i].port, item(field, i, "port"));
    }
  };
  check_all(config.inbound, "inbound");
  check_all(config.outbound, "outbound");
  check_all(config.gateway, "gateway");
  check(config.admin.address, config.admin.port, "admin.port");
  check_each_once(config.outbound, &OutboundListener::unix_socket,
                  {"outbound", "unixSocket", "is another listener's too", "each path once"},
                  complain);
}

// A trust domain has one set of roots.
void check_federation(const IdentityConfig& identity, const Complain& complain) {
  std::set<std::string_view> domains = {identity.trust_domain};
  for (std::size_t i = 0; i < identity.federated.size(); ++i) {
    if (domains.insert(identity.federated[i].trust_domain).second) continue;
    complain(item("federated", i, "trustDomain"), "is named before",
             "each trust domain once, without the own");
  }
}

void check_capture(const CaptureConfig& capture, const Complain& complain) {
  if (capture.inbound_port != capture.outbound_port) return;
  complain("outboundPort", "is the inboundPort too", "two ports");
}

void describe_listeners(Shape& shape) {
  shape
      .field("inbound", &SidecarConfig::inbound,
             "Traffic from others to the application beside this sidecar.")
      .items(0, 256);
  shape.field("outbound", &SidecarConfig::outbound, "Traffic from the application to others.")
      .items(0, 4'096);
  shape
      .field("gateway", &SidecarConfig::gateway,
             "Traffic from outside the mesh, routed by the HTTPRoutes of a Gateway.")
      .items(0, 256);
}

Shape describe_spec() {
  Shape shape = Shape::of<SidecarConfig>("What one sidecar does.");
  shape.field("service", &SidecarConfig::service, "Which service this sidecar stands beside.")
      .obeys(text_rules::dns_label)
      .required();
  shape.field("namespace", &SidecarConfig::ns, "The namespace of that service.")
      .obeys(text_rules::dns_label);
  shape.field("zone", &SidecarConfig::zone, "Where it runs; endpoints of the same zone come first.")
      .obeys(text_rules::any);
  shape.field("workers", &SidecarConfig::workers, "Threads that carry traffic.").range(1, 64);
  describe_listeners(shape);
  shape.field("identity", &SidecarConfig::identity,
              "Who it proves to be. Left out: it has no identity, and speaks no mutual TLS.");
  shape.field("capture", &SidecarConfig::capture,
              "Traffic that comes without being sent to a listener. Left out: none.");
  shape.field("admin", &SidecarConfig::admin, "Where the sidecar tells what it does.");
  shape
      .field("policies", &SidecarConfig::policies,
             "The directory of the resources, relative to this file. It is watched: a good change "
             "is live at once, a bad one is refused.")
      .obeys(text_rules::file_path);
  shape.field("accessLog", &SidecarConfig::access_log, "What is logged of requests.");
  shape.field("limits", &SidecarConfig::limits, "What clients may send.");
  shape.field("timeouts", &SidecarConfig::timeouts, "How long clients may take.");
  shape.field("logLevel", &SidecarConfig::log_level, "What the sidecar logs of itself.")
      .one_of({"trace", "debug", "info", "warn", "error", "off"});
  shape.check(&check_addresses);
  return shape;
}

}  // namespace

Shape describe(Of<InboundListener>) {
  Shape shape = Shape::of<InboundListener>("Traffic from others to the application.");
  shape.field("name", &InboundListener::name, "What logs and metrics call it.")
      .obeys(text_rules::dns_label);
  shape.field("address", &InboundListener::address, "Where it listens.")
      .obeys(text_rules::ip_address);
  shape.field("port", &InboundListener::port, "Where it listens. 0: any free port.").required();
  shape
      .field("application", &InboundListener::application,
             "Where the application listens: ADDRESS:PORT, or unix: and the path of a socket.")
      .obeys(text_rules::application)
      .required();
  shape
      .field("servicePort", &InboundListener::service_port,
             "Which port of the service it serves; policies go by it. Left out: the first.")
      .range(1, 65'535);
  shape
      .field("protocol", &InboundListener::protocol,
             "What is spoken on it. AUTO: HTTP/1, HTTP/2 or bytes, by what comes first.")
      .one_of(listener_protocol_names());
  shape
      .field("tls", &InboundListener::tls,
             "disabled: plain connections only. permissive: mutual TLS and plain ones. strict: "
             "mutual TLS only. Left out: what MeshTLS says for this service and port, else "
             "permissive.")
      .one_of(tls_mode_names());
  shape.position(&InboundListener::position);
  return shape;
}

Shape describe(Of<OutboundListener>) {
  Shape shape = Shape::of<OutboundListener>("Traffic from the application to others.");
  shape.field("name", &OutboundListener::name, "What logs and metrics call it.")
      .obeys(text_rules::dns_label);
  shape.field("address", &OutboundListener::address, "Where it listens.")
      .obeys(text_rules::ip_address);
  shape.field("port", &OutboundListener::port, "Where it listens. 0: any free port.")
      .required_unless("unixSocket");
  shape
      .field("unixSocket", &OutboundListener::unix_socket,
             "The path of a socket to listen on, instead of address and port.")
      .obeys(text_rules::socket_path);
  shape
      .field("service", &OutboundListener::service,
             "All goes to this service, NAME or NAME.NAMESPACE. Left out: by the Host of each "
             "request, or as an HTTP proxy.")
      .obeys(text_rules::service_name);
  shape
      .field("servicePort", &OutboundListener::service_port,
             "Which port of the service. Left out: its first.")
      .range(1, 65'535);
  shape
      .field("protocol", &OutboundListener::protocol,
             "What is spoken on it. AUTO: HTTP/1, HTTP/2, TLS or bytes, by what comes first.")
      .one_of(listener_protocol_names());
  shape.position(&OutboundListener::position);
  return shape;
}

Shape describe(Of<GatewayListener>) {
  Shape shape = Shape::of<GatewayListener>("Traffic from outside the mesh.");
  shape.field("gateway", &GatewayListener::gateway, "A Gateway, NAME or NAME.NAMESPACE.")
      .obeys(text_rules::service_name)
      .required();
  shape
      .field("sectionName", &GatewayListener::section_name,
             "One of the Gateway's listeners. Left out: its only one.")
      .obeys(text_rules::dns_label);
  shape.field("address", &GatewayListener::address, "Where it listens.")
      .obeys(text_rules::ip_address);
  shape
      .field("port", &GatewayListener::port,
             "Where it listens. Left out: the port of the Gateway's listener.")
      .range(1, 65'535);
  shape.position(&GatewayListener::position);
  return shape;
}

Shape describe(Of<FederatedBundle>) {
  Shape shape = Shape::of<FederatedBundle>("Another trust domain whose identities are believed.");
  shape.field("trustDomain", &FederatedBundle::trust_domain, "Its name.")
      .obeys(text_rules::trust_domain)
      .required();
  shape.field("bundle", &FederatedBundle::bundle, "The file of its roots, PEM.")
      .obeys(text_rules::file_path)
      .required();
  return shape;
}

Shape describe(Of<IdentityConfig>) {
  Shape shape = Shape::of<IdentityConfig>(
      "Who this sidecar proves to be, and whom it believes. Files are PEM, relative to this file, "
      "and watched: what cannot be used leaves in force what was.");
  shape
      .field("trustDomain", &IdentityConfig::trust_domain,
             "The trust domain of its SPIFFE ID, as in spiffe://TRUST_DOMAIN/ns/NAMESPACE/sa/NAME.")
      .obeys(text_rules::trust_domain)
      .required();
  shape
      .field("certificate", &IdentityConfig::certificate,
             "The file of its certificate, then what leads to a root.")
      .obeys(text_rules::file_path)
      .required();
  shape.field("key", &IdentityConfig::key, "The file of its private key, not encrypted.")
      .obeys(text_rules::file_path)
      .required();
  shape.field("bundle", &IdentityConfig::bundle, "The file of the roots of its trust domain.")
      .obeys(text_rules::file_path)
      .required();
  shape
      .field("federated", &IdentityConfig::federated,
             "Other trust domains, each with roots of its own.")
      .items(0, 64);
  shape.check(&check_federation);
  return shape;
}

Shape describe(Of<CaptureConfig>) {
  Shape shape = Shape::of<CaptureConfig>(
      "Traffic that the kernel sends by way of the sidecar, without anybody naming it.");
  shape.field("inboundPort", &CaptureConfig::inbound_port, "Where traffic from others is taken.")
      .range(1, 65'535);
  shape
      .field("outboundPort", &CaptureConfig::outbound_port,
             "Where traffic of the application is taken.")
      .range(1, 65'535);
  shape
      .field("excludeInboundPorts", &CaptureConfig::exclude_inbound_ports,
             "Ports of the application that others reach without the sidecar.")
      .range(1, 65'535)
      .items(0, 256);
  shape
      .field("excludeOutboundPorts", &CaptureConfig::exclude_outbound_ports,
             "Ports of others that the application reaches without the sidecar.")
      .range(1, 65'535)
      .items(0, 256);
  shape
      .field("excludeOutboundAddresses", &CaptureConfig::exclude_outbound_addresses,
             "Addresses that the application reaches without the sidecar.")
      .obeys(text_rules::cidr)
      .items(0, 256);
  shape
      .field("user", &CaptureConfig::user,
             "The number of the user (uid) whose traffic is left alone, the sidecar's. Left out: "
             "the one that the sidecar runs as.")
      .range(0, UINT32_MAX - 1);
  shape
      .field("egress", &CaptureConfig::egress,
             "What is sent to no known service. allow: let out. registry: refused.")
      .one_of({"allow", "registry"});
  shape.field("addresses", &CaptureConfig::addresses, "Which traffic is captured.")
      .one_of({"both", "ipv4", "ipv6"});
  shape.check(&check_capture);
  return shape;
}

Shape describe(Of<AdminConfig>) {
  Shape shape = Shape::of<AdminConfig>("Where the sidecar tells what it does.");
  shape.field("address", &AdminConfig::address, "Where it listens.").obeys(text_rules::ip_address);
  shape.field("port", &AdminConfig::port, "Where it listens. 0: any free port.");
  return shape;
}

Shape describe(Of<AccessLogConfig>) {
  Shape shape = Shape::of<AccessLogConfig>("What is logged of requests.");
  shape.field("mode", &AccessLogConfig::mode, "Which requests are logged.")
      .one_of({"off", "errors", "sampled", "all"});
  shape.field("format", &AccessLogConfig::format, "How a request is logged.")
      .one_of({"json", "text"});
  shape.field("sample", &AccessLogConfig::sample, "Share of what is logged; errors always are.")
      .only_for("mode", {"sampled"});
  shape.field("path", &AccessLogConfig::path, "stdout, stderr or a file.")
      .obeys(text_rules::file_path);
  return shape;
}

Shape describe(Of<Http2LimitsConfig>) {
  Shape shape = Shape::of<Http2LimitsConfig>("What one connection of HTTP/2 may do.");
  shape
      .field("concurrentStreams", &Http2LimitsConfig::concurrent_streams,
             "Requests in flight on one connection; more are refused, and may be retried.")
      .range(1, 1'000'000);
  shape
      .field("streamWindow", &Http2LimitsConfig::stream_window,
             "How much of one body may come before it is taken.")
      .range(Bytes{65'535}, Bytes{64 << 20});
  shape
      .field("connectionWindow", &Http2LimitsConfig::connection_window,
             "The same of all bodies of a connection together.")
      .range(Bytes{65'535}, Bytes{1 << 30});
  shape
      .field(
          "glitchBurst", &Http2LimitsConfig::glitch_burst,
          "Frames that serve nothing (empty DATA, SETTINGS, PING and others, and twice each reset "
          "beyond the number of whole answers) at once; more end the connection.")
      .range(1, 1'000'000);
  shape
      .field("glitchesPerSecond", &Http2LimitsConfig::glitches_per_second,
             "The same, in the long run.")
      .range(1, 1'000'000);
  shape
      .field("writeBuffer", &Http2LimitsConfig::write_buffer,
             "What may wait for a client that does not read.")
      .range(Bytes{64 * 1'024}, Bytes{1 << 30});
  shape.check<Http2LimitsConfig>([](const Http2LimitsConfig& http2, const Complain& complain) {
    if (http2.connection_window >= http2.stream_window) return;
    complain("connectionWindow", to_text(http2.connection_window) + " is less than streamWindow",
             "at least " + to_text(http2.stream_window));
  });
  return shape;
}

Shape describe(Of<LimitsConfig>) {
  Shape shape = Shape::of<LimitsConfig>("What clients may send; each has its own answer.");
  shape
      .field("headerBytes", &LimitsConfig::header_bytes,
             "Request line and headers together; more get 431.")
      .range(Bytes{1'024}, Bytes{16 << 20});
  shape.field("headerCount", &LimitsConfig::header_count, "Header lines; more get 431.")
      .range(1, 1'024);
  shape
      .field("underscoredHeaders", &LimitsConfig::underscored_headers,
             "What becomes of a header such as Content_Length, which some servers take for "
             "Content-Length: the request is refused (400), or the header is dropped.")
      .one_of({"refuse", "drop"});
  shape
      .field("lineBytes", &LimitsConfig::line_bytes,
             "The request line (414) and each header line (431).")
      .range(Bytes{256}, Bytes{65'535});
  shape.field("bodyBytes", &LimitsConfig::body_bytes,
              "A request's body; more get 413. 0B: no limit.");
  shape
      .field("connections", &LimitsConfig::connections,
             "From clients to this sidecar; more are closed at once. At most half of the file "
             "descriptors that may be open (ulimit -n) but for some of its own; the rest is for "
             "backends.")
      .range(1, 10'000'000);
  shape.field("requestsPerConnection", &LimitsConfig::requests_per_connection,
              "After so many a connection is closed. 0: no limit.");
  shape.field("http2", &LimitsConfig::http2, "What one connection of HTTP/2 may do.");
  return shape;
}

Shape describe(Of<ClientTimeouts>) {
  Shape shape = Shape::of<ClientTimeouts>("How long clients may take.");
  shape
      .field("requestHeaders", &ClientTimeouts::request_headers,
             "From the first byte of a request's head to its last; longer gets 408.")
      .range(shortest, hours(1));
  shape
      .field("connectionIdle", &ClientTimeouts::connection_idle,
             "How long a connection may stay without a request. 0s: no limit.")
      .range(off, hours(24));
  shape
      .field("streamIdle", &ClientTimeouts::stream_idle,
             "Without a byte either way within a request. 0s: no limit.")
      .range(off, hours(24));
  shape
      .field("halfClosed", &ClientTimeouts::half_closed,
             "How long a client that has closed its side of an HTTP/1 connection is given for its "
             "answer to begin; then it counts as gone. 0s: no limit.")
      .range(off, hours(24));
  shape
      .field("detect", &ClientTimeouts::detect,
             "How long a client may say nothing on a listener of protocol AUTO before it is taken "
             "for one that waits for the server's bytes.")
      .range(shortest, minutes(1));
  shape
      .field("tlsHandshake", &ClientTimeouts::tls_handshake,
             "How long a TLS handshake may take; then the connection is closed.")
      .range(shortest, minutes(1));
  shape
      .field("connectionAge", &ClientTimeouts::connection_age,
             "After it a connection of HTTP/2 is told to take no more requests, give or take a "
             "tenth. 0s: never.")
      .range(off, hours(24));
  shape.field("drain", &ClientTimeouts::drain, "From SIGTERM until what still runs is cut.")
      .range(off, hours(1));
  return shape;
}

Shape describe(Of<SidecarConfig>) {
  Shape shape = Shape::of<SidecarConfig>("A sidecar's own file.");
  shape.constant("apiVersion", {"skiff.dev/v1"}, "The version of this kind.");
  shape.constant("kind", {"Sidecar"}, "This kind.");
  shape.field("metadata", &SidecarConfig::metadata, "Its name.").required();
  shape.part("spec", describe_spec(), "What it does.").required();
  shape.position(&SidecarConfig::position);
  return shape;
}

}  // namespace skiff
