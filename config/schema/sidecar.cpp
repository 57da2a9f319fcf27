#include "config/schema/sidecar.h"

#include <set>

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
      check(listeners[i].address, listeners[i].port, field + "[" + std::to_string(i) + "].port");
    }
  };
  check_all(config.inbound, "inbound");
  check_all(config.outbound, "outbound");
  check_all(config.gateway, "gateway");
  check(config.admin.address, config.admin.port, "admin.port");
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
  shape.field("application", &InboundListener::application, "Where the application listens.")
      .obeys(text_rules::host_port)
      .required();
  shape.field("protocol", &InboundListener::protocol, "What is spoken on it.")
      .one_of(protocol_names());
  shape.position(&InboundListener::position);
  return shape;
}

Shape describe(Of<OutboundListener>) {
  Shape shape = Shape::of<OutboundListener>("Traffic from the application to others.");
  shape.field("name", &OutboundListener::name, "What logs and metrics call it.")
      .obeys(text_rules::dns_label);
  shape.field("address", &OutboundListener::address, "Where it listens.")
      .obeys(text_rules::ip_address);
  shape.field("port", &OutboundListener::port, "Where it listens. 0: any free port.").required();
  shape
      .field("service", &OutboundListener::service,
             "All goes to this service, NAME or NAME.NAMESPACE. Left out: by the Host of each "
             "request, or as an HTTP proxy.")
      .obeys(text_rules::service_name);
  shape
      .field("servicePort", &OutboundListener::service_port,
             "Which port of the service. Left out: its first.")
      .range(1, 65'535);
  shape.field("protocol", &OutboundListener::protocol, "What is spoken on it.")
      .one_of(protocol_names());
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
             "From clients to this sidecar; more are closed at once.")
      .range(1, 10'000'000);
  shape.field("requestsPerConnection", &LimitsConfig::requests_per_connection,
              "After so many a connection is closed. 0: no limit.");
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
  shape.field("drain", &ClientTimeouts::drain, "From SIGTERM until what still runs is cut.")
      .range(off, hours(1));
  return shape;
}

Shape describe(Of<SidecarConfig>) {
  Shape shape = Shape::of<SidecarConfig>("A sidecar's own file.");
  shape.constant("apiVersion", "skiff.dev/v1", "The version of this kind.");
  shape.constant("kind", "Sidecar", "This kind.");
  shape.field("metadata", &SidecarConfig::metadata, "Its name.").required();
  shape.part("spec", describe_spec(), "What it does.").required();
  shape.position(&SidecarConfig::position);
  return shape;
}

}  // namespace skiff
