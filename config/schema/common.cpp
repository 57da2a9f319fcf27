#include "config/schema/common.h"

#include <tuple>

#include "config/schema/shape.h"

namespace skiff {
namespace {

constexpr std::string_view gateway_group = "gateway.networking.k8s.io";
constexpr std::string_view our_group = "skiff.dev";

// An empty group is the kind's own; `core` and ours both name our Service, as GAMMA examples do.
void check_group(const ObjectRef& ref, const Complain& complain) {
  if (ref.group.empty()) return;
  const bool is_service = ref.kind == "Service";
  const bool fits =
      is_service ? ref.group == our_group || ref.group == "core" : ref.group == gateway_group;
  if (fits) return;
  complain("group", "is not the group of " + ref.kind,
           std::string(is_service ? our_group : gateway_group));
}

Shape describe_ref(std::string_view doc, std::vector<std::string_view> kinds) {
  Shape shape = Shape::of<ObjectRef>(doc);
  shape.field("group", &ObjectRef::group, "The API group of the kind. Empty: the kind's own.")
      .one_of({"", "core", our_group, gateway_group});
  shape.field("kind", &ObjectRef::kind, "What is referred to.").one_of(std::move(kinds));
  shape.field("name", &ObjectRef::name, "Its metadata.name.")
      .obeys(text_rules::dns_name)
      .required();
  shape
      .field("namespace", &ObjectRef::ns,
             "Its metadata.namespace. Left out: that of the one that refers.")
      .obeys(text_rules::dns_label);
  shape.position(&ObjectRef::position);
  shape.check(&check_group);
  return shape;
}

void describe_port(Shape& shape, std::string_view doc) {
  shape.field("port", &ObjectRef::port, doc).range(1, 65'535);
}

Shape describe_gateway_target_ref(std::string_view doc) {
  Shape shape = describe_ref(doc, {"Service", "HTTPRoute", "GRPCRoute", "Gateway"});
  shape
      .field("sectionName", &ObjectRef::section_name,
             "One rule of the route or one listener of the Gateway, by name. Left out: all.")
      .obeys(text_rules::dns_label);
  shape.prepared_by<ObjectRef>([](ObjectRef& ref) { ref.kind = "Service"; });
  return shape;
}

}  // namespace

bool comes_before(const Metadata& a, const Metadata& b) {
  const auto key = [](const Metadata& m) {
    return std::tuple(m.creation_timestamp.empty(), std::string_view(m.creation_timestamp),
                      std::string_view(m.ns), std::string_view(m.name));
  };
  return key(a) < key(b);
}

Shape describe(Of<Metadata>) {
  Shape shape = Shape::of<Metadata>("What the resource is called.");
  shape.field("name", &Metadata::name, "Unique within kind and namespace.")
      .obeys(text_rules::dns_name)
      .required();
  shape.field("namespace", &Metadata::ns, "What it belongs to.").obeys(text_rules::dns_label);
  shape.field("labels", &Metadata::labels, "Names and values to select it by.");
  shape.field("annotations", &Metadata::annotations, "Names and values for people and tools.");
  shape
      .field("creationTimestamp", &Metadata::creation_timestamp,
             "When it was made; where two are equally specific, the older wins.")
      .obeys(text_rules::timestamp);
  return shape;
}

Shape describe(Of<ObjectRef>) { return describe_backend_ref(); }

Shape describe_parent_ref() {
  Shape shape =
      describe_ref("What the route is attached to: a Gateway, or (in the mesh) a Service.",
                   {"Gateway", "Service"});
  shape
      .field("sectionName", &ObjectRef::section_name, "One listener of the Gateway. Left out: all.")
      .obeys(text_rules::dns_label);
  describe_port(shape, "One port of the Gateway or Service. Left out: all.");
  shape.prepared_by<ObjectRef>([](ObjectRef& ref) { ref.kind = "Gateway"; });
  return shape;
}

Shape describe_target_ref() {
  Shape shape = describe_ref("What the policy is for. The most specific policy wins, whole.",
                             {"Service", "HTTPRoute", "GRPCRoute"});
  shape
      .field("sectionName", &ObjectRef::section_name,
             "One port of the Service or one rule of the route, by name. Left out: all.")
      .obeys(text_rules::dns_label);
  shape.prepared_by<ObjectRef>([](ObjectRef& ref) { ref.kind = "Service"; });
  return shape;
}

Shape describe_backend_ref() {
  Shape shape = describe_ref("Where requests go.", {"Service"});
  describe_port(shape, "The port of the Service. Left out: its only one.");
  shape.prepared_by<ObjectRef>([](ObjectRef& ref) { ref.kind = "Service"; });
  return shape;
}

Shape describe_service_target_ref() {
  Shape shape = describe_ref("What the policy is for.", {"Service"});
  shape.prepared_by<ObjectRef>([](ObjectRef& ref) { ref.kind = "Service"; });
  return shape;
}

Shape describe_limit_target_ref() {
  return describe_gateway_target_ref(
      "What the policy is for; all policies that name it count together.");
}

Shape describe_token_target_ref() {
  return describe_gateway_target_ref(
      "What the policy is for. The most specific policy wins, whole.");
}

Shape describe_fault_target_ref() {
  Shape shape = describe_ref("What goes wrong. The most specific policy wins, whole.",
                             {"Service", "HTTPRoute", "GRPCRoute", "Gateway"});
  shape
      .field("sectionName", &ObjectRef::section_name,
             "One port of the Service, one rule of the route, or one listener of the Gateway, by "
             "name. Left out: all.")
      .obeys(text_rules::dns_label);
  shape.prepared_by<ObjectRef>([](ObjectRef& ref) { ref.kind = "Service"; });
  return shape;
}

bool carries_messages(Protocol protocol) {
  return protocol == Protocol::http || protocol == Protocol::http2 || protocol == Protocol::grpc;
}

std::vector<std::string_view> protocol_names() { return {"HTTP", "HTTP2", "GRPC", "TCP", "TLS"}; }

std::vector<std::string_view> listener_protocol_names() {
  std::vector<std::string_view> names = protocol_names();
  names.push_back("AUTO");
  return names;
}

std::vector<std::string_view> tls_mode_names() { return {"disabled", "permissive", "strict"}; }

}  // namespace skiff
