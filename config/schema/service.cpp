#include "config/schema/service.h"

#include <array>

#include "config/schema/each_once.h"
#include "config/schema/shape.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

// The well-known values of Kubernetes, and what they mean to us. WebSockets begin as HTTP; what is
// TLS from the application on is bytes to us.
constexpr std::array<std::pair<std::string_view, Protocol>, 8> app_protocols = {{
    {"http", Protocol::http},
    {"kubernetes.io/h2c", Protocol::http2},
    {"kubernetes.io/ws", Protocol::http},
    {"kubernetes.io/wss", Protocol::tls},
    {"https", Protocol::tls},
    {"grpc", Protocol::grpc},
    {"tcp", Protocol::tcp},
    {"tls", Protocol::tls},
}};

std::vector<std::string_view> app_protocol_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, protocol] : app_protocols) names.push_back(name);
  return names;
}

std::optional<Protocol> meaning_of(std::string_view app_protocol) {
  for (const auto& [name, protocol] : app_protocols) {
    if (name == app_protocol) return protocol;
  }
  return std::nullopt;
}

void check_protocol(const ServicePort& port, const Complain& complain) {
  const std::optional<Protocol> meaning = meaning_of(port.app_protocol);
  if (!meaning || !port.protocol || *meaning == *port.protocol) return;
  const std::string name(protocol_names()[static_cast<std::size_t>(*meaning)]);
  complain("appProtocol", in_quotes(port.app_protocol) + " does not agree with protocol",
           "one of both, or protocol " + name);
}

void check_ports(const Service& service, const Complain& complain) {
  check_each_once(service.ports, &ServicePort::port,
                  {"ports", "port", "is the port of another item too", "each port once"}, complain);
  check_each_once(service.ports, &ServicePort::name,
                  {"ports", "name", "is the name of another item too", "each name once"}, complain);
  for (std::size_t i = 0; i < service.ports.size() && service.ports.size() > 1; ++i) {
    if (!service.ports[i].name.empty()) continue;
    complain(item("ports", i, "name"), "is missing, as needed where there are several ports",
             "a name");
  }
}

void check_endpoints(const Service& service, const Complain& complain) {
  const auto is_port = [&service](std::string_view name) {
    return std::ranges::any_of(service.ports, [&](const auto& port) { return port.name == name; });
  };
  for (std::size_t i = 0; i < service.endpoints.size(); ++i) {
    const std::string& name = service.endpoints[i].port_name;
    if (!name.empty() && !is_port(name)) {
      complain(item("endpoints", i, "portName"), "\"" + name + "\" is no port of this service",
               "the name of one of spec.ports");
    }
  }
}

void check_subset(const Service& service, const Complain& complain) {
  if (service.of.empty() && !service.subset.empty()) {
    complain("of", "is missing, as needed for subset", "the name of a service of this namespace");
  }
  if (!service.of.empty() && service.subset.empty()) {
    complain("subset", "is missing, as needed for of", "the labels to select endpoints by");
  }
  if (!service.of.empty() && !service.endpoints.empty()) {
    complain("endpoints", "does not belong beside of", "either endpoints, or of and subset");
  }
}

// It is the first label of the service's host names.
void check_name(const Service& service, const Complain& complain) {
  if (text_rules::dns_label.holds(service.metadata.name)) return;
  complain("metadata.name", "\"" + service.metadata.name + "\" is not valid",
           std::string(text_rules::dns_label.expected));
}

Shape describe_spec() {
  Shape shape = Shape::of<Service>("A service and where its instances are.");
  shape
      .field("hosts", &Service::hosts,
             "Further host names that mean this service, beside NAME, NAME.NAMESPACE, "
             "NAME.NAMESPACE.svc and NAME.NAMESPACE.svc.cluster.local.")
      .obeys(text_rules::dns_name)
      .items(0, 64);
  shape.field("ports", &Service::ports, "What callers may ask for.").items(1, 64).required();
  shape.field("of", &Service::of, "Another service of the namespace, whose endpoints this one has.")
      .obeys(text_rules::dns_label);
  shape.field("subset", &Service::subset, "With `of`: only its endpoints that have these labels.");
  shape.field("endpoints", &Service::endpoints, "The instances.").items(0, 100'000);
  shape
      .field(
          "identities", &Service::identities,
          "Whom the instances may prove to be: SPIFFE IDs, or service accounts of the namespace. "
          "Left out: the service account that has the service's name.")
      .obeys(text_rules::identity)
      .items(0, 64);
  shape
      .field("addresses", &Service::addresses,
             "Captured connections to these addresses are meant for this service.")
      .obeys(text_rules::ip_address)
      .items(0, 64);
  shape.check(&check_ports);
  shape.check(&check_endpoints);
  shape.check(&check_subset);
  return shape;
}

}  // namespace

Protocol protocol_of(const ServicePort& port) {
  if (port.protocol) return *port.protocol;
  return meaning_of(port.app_protocol).value_or(Protocol::http);
}

Shape describe(Of<ServicePort>) {
  Shape shape = Shape::of<ServicePort>("One port of a service.");
  shape.field("name", &ServicePort::name, "Needed where there are several ports.")
      .obeys(text_rules::dns_label);
  shape.field("port", &ServicePort::port, "The number that callers use.")
      .range(1, 65'535)
      .required();
  shape
      .field("protocol", &ServicePort::protocol,
             "What is spoken on it. Left out: what appProtocol says, else HTTP.")
      .one_of(protocol_names());
  shape
      .field("appProtocol", &ServicePort::app_protocol,
             "The same in the words of Kubernetes; where both stand they must agree.")
      .one_of(app_protocol_names());
  shape.check(&check_protocol);
  shape.position(&ServicePort::position);
  return shape;
}

Shape describe(Of<StaticEndpoint>) {
  Shape shape = Shape::of<StaticEndpoint>("One instance of a service.");
  shape.field("address", &StaticEndpoint::address, "Where it listens.")
      .obeys(text_rules::ip_address)
      .required();
  shape.field("port", &StaticEndpoint::port, "Where it listens.").range(1, 65'535).required();
  shape
      .field("portName", &StaticEndpoint::port_name,
             "Which of the service's ports it serves. Left out: the first.")
      .obeys(text_rules::dns_label);
  shape
      .field("weight", &StaticEndpoint::weight,
             "Its share of requests, relative to the others. 0: none.")
      .range(0, 1'000'000);
  shape.field("zone", &StaticEndpoint::zone, "Where it runs; callers prefer their own zone.")
      .obeys(text_rules::any);
  shape.field("labels", &StaticEndpoint::labels, "What subsets select by, such as version.");
  shape.position(&StaticEndpoint::position);
  return shape;
}

Shape describe(Of<Service>) {
  Shape shape = Shape::of<Service>("A service and where its instances are.");
  shape.constant("apiVersion", {"skiff.dev/v1"}, "The version of this kind.");
  shape.constant("kind", {"Service"}, "This kind.");
  shape.field("metadata", &Service::metadata, "Its name; a DNS label of at most 63.").required();
  shape.part("spec", describe_spec(), "What it is.").required();
  shape.position(&Service::position);
  shape.check(&check_name);
  return shape;
}

}  // namespace skiff
