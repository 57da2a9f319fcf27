#include "config/schema/service.h"

#include <set>

#include "config/schema/shape.h"

namespace skiff {
namespace {

std::string item(std::string_view list, std::size_t index, std::string_view field) {
  return std::string(list).append("[").append(std::to_string(index)).append("].").append(field);
}

void check_ports(const Service& service, const Complain& complain) {
  std::set<std::uint16_t> numbers;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    const ServicePort& port = service.ports[i];
    if (!numbers.insert(port.port).second) {
      complain(item("ports", i, "port"), "is the port of another item too", "each port once");
    }
    if (port.name.empty() && service.ports.size() > 1) {
      complain(item("ports", i, "name"), "is missing, as needed where there are several ports",
               "a name");
    } else if (!names.insert(port.name).second) {
      complain(item("ports", i, "name"), "is the name of another item too", "each name once");
    }
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
  shape.check(&check_ports);
  shape.check(&check_endpoints);
  shape.check(&check_subset);
  return shape;
}

}  // namespace

Shape describe(Of<ServicePort>) {
  Shape shape = Shape::of<ServicePort>("One port of a service.");
  shape.field("name", &ServicePort::name, "Needed where there are several ports.")
      .obeys(text_rules::dns_label);
  shape.field("port", &ServicePort::port, "The number that callers use.")
      .range(1, 65'535)
      .required();
  shape.field("protocol", &ServicePort::protocol, "What is spoken on it.").one_of(protocol_names());
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
  shape.constant("apiVersion", "skiff.dev/v1", "The version of this kind.");
  shape.constant("kind", "Service", "This kind.");
  shape.field("metadata", &Service::metadata, "Its name; a DNS label of at most 63.").required();
  shape.part("spec", describe_spec(), "What it is.").required();
  shape.position(&Service::position);
  shape.check(&check_name);
  return shape;
}

}  // namespace skiff
