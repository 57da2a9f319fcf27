#include "sidecar/route/route_list.h"

#include <gtest/gtest.h>

#include "tests/support/made_request.h"
#include "tests/support/policies.h"

namespace skiff {
namespace {

using testing::MadeRequest;

std::string document(const std::string& version, const std::string& kind, const std::string& name,
                     const std::string& spec) {
  return "---\napiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: " + spec + "\n";
}

std::string gateway_api(const std::string& kind, const std::string& name, const std::string& spec) {
  const std::string version = kind == "TCPRoute"   ? "v1alpha2"
                              : kind == "TLSRoute" ? "v1alpha3"
                                                   : "v1";
  return document("gateway.networking.k8s.io/" + version, kind, name, spec);
}

std::string ours(const std::string& kind, const std::string& name, const std::string& spec) {
  return document("skiff.dev/v1", kind, name, spec);
}

const std::string to_product = "backendRefs: [{name: product, port: 80}]";
const std::string product = ours("Service", "product", "{ports: [{port: 80}]}");

std::shared_ptr<const RoutePlan> plan_of(const std::string& text, std::string_view service = {}) {
  return make_route_plan(test::read_policies(text).resources, "shop", service);
}

std::string name_of(const RouteTable::Found& found) {
  return found.rule != nullptr ? found.rule->name : found.host_known ? "no rule" : "no host";
}

class GrpcCall final {
 public:
  explicit GrpcCall(std::string_view path, MadeRequest::Fields fields = {})
      : made_(path, fields, "POST") {
    made_->headers.add(made_.arena(), "content-type", "application/grpc+proto");
  }
  operator const Request&() const { return made_; }

 private:
  MadeRequest made_;
};

Request bytes(std::string_view scheme = "http", std::string_view server = {}) {
  Request request;
  request.version = Version::bytes;
  request.scheme = scheme;
  request.authority = server;
  return request;
}

// ---- GRPCRoute

// Rules named by what they match.
std::string grpc_rule(const std::string& name, const std::string& match) {
  return "{name: " + name + ", matches: [" + match + "], " + to_product + "}";
}

std::string grpc_route(const std::string& name, const std::vector<std::string>& rules) {
  std::string all;
  for (const std::string& rule : rules) all += (all.empty() ? "" : ", ") + rule;
  return gateway_api("GRPCRoute", name,
                     "{parentRefs: [{kind: Service, name: product}], rules: [" + all + "]}");
}

TEST(RouteList, CallsOfGrpcAreMatchedByServiceThenMethodThenHeaders) {
  const auto plan = plan_of(
      product +
      grpc_route("g", {grpc_rule("all", "{}"), grpc_rule("method", "{method: {method: Search}}"),
                       grpc_rule("service", "{method: {service: shop.Catalogue}}"),
                       grpc_rule("both", "{method: {service: shop.Catalogue, method: Search}}"),
                       grpc_rule("header",
                                 "{method: {service: shop.Catalogue, method: Search}, "
                                 "headers: [{name: x, value: \"1\"}]}"),
                       grpc_rule("regex",
                                 "{method: {type: RegularExpression, service: "
                                 "\"shop[.]Cart.*\", method: \"Get.+\"}}")}));
  const auto find = [&](std::string_view path, MadeRequest::Fields fields = {}) {
    return name_of(plan->mesh->find("product", 0, GrpcCall(path, fields)));
  };
  EXPECT_EQ(find("/shop.Catalogue/Search"), "g.shop/both");
  EXPECT_EQ(find("/shop.Catalogue/Search", {{"x", "1"}}), "g.shop/header");
  EXPECT_EQ(find("/shop.Catalogue/List"), "g.shop/service");
  EXPECT_EQ(find("/shop.Catalogues/List"), "g.shop/all") << "whole names";
  EXPECT_EQ(find("/shop.Other/Search"), "g.shop/method");
  EXPECT_EQ(find("/shop.CartV2/GetItems"), "g.shop/regex");
  EXPECT_EQ(find("/shop.CartV2/Get"), "g.shop/all");
  EXPECT_EQ(find("/shopxCart/GetItems"), "g.shop/all");
  EXPECT_EQ(find("/a/b/Search"), "g.shop/all");
}

TEST(RouteList, AGrpcRouteIsForCallsOfGrpcOnly) {
  const auto plan = plan_of(product + grpc_route("g", {grpc_rule("all", "{}")}));
  const auto find = [&](const Request& request) {
    return name_of(plan->mesh->find("product", 0, request));
  };
  EXPECT_EQ(find(GrpcCall("/s/m")), "g.shop/all");
  EXPECT_EQ(find(MadeRequest("/s/m", {{"content-type", "application/grpc"}})), "no rule") << "GET";
  EXPECT_EQ(find(MadeRequest("/s/m", {{"content-type", "application/json"}}, "POST")), "no rule");
  EXPECT_EQ(find(MadeRequest("/s/m", {}, "POST")), "no rule");
  EXPECT_EQ(find(bytes()), "no rule");
}

TEST(RouteList, AGrpcRouteAndAnHttpRouteShareAService) {
  const auto plan = plan_of(product + grpc_route("g", {grpc_rule("all", "{}")}) +
                            gateway_api("HTTPRoute", "h",
                                        "{parentRefs: [{kind: Service, name: product}], rules: "
                                        "[{name: rest, " +
                                            to_product + "}]}"));
  EXPECT_EQ(name_of(plan->mesh->find("product", 0, GrpcCall("/s/m"))), "g.shop/all");
  EXPECT_EQ(name_of(plan->mesh->find("product", 0, MadeRequest("/s/m", {}, "POST"))),
            "h.shop/rest");
}

TEST(RouteList, ARuleOfAGrpcRouteHasItsFiltersAndTheTimeoutOfThePolicyThatNamesIt) {
  const auto plan = plan_of(
      product +
      gateway_api("GRPCRoute", "g",
                  "{parentRefs: [{kind: Service, name: product}], rules: [{name: r, filters: "
                  "[{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}], " +
                      to_product + "}]}") +
      ours("TrafficPolicy", "p",
           "{targetRefs: [{kind: GRPCRoute, name: g, sectionName: r}], timeouts: {request: 3s}}"));
  const RouteRule* rule = plan->mesh->find("product", 0, GrpcCall("/s/m")).rule;
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule->filters.size(), 1u);
  EXPECT_EQ(rule->request_timeout, Milliseconds(3'000));
}

// ---- What goes wrong, and what answers then

std::string fault(const std::string& name, const std::string& ref) {
  return ours("FaultPolicy", name,
              "{targetRefs: [" + ref + "], ttl: 1m, faults: [{percent: 1%, reset: true}]}");
}

const std::string split =
    ours("Service", "other", "{ports: [{port: 80}]}") +
    gateway_api("HTTPRoute", "r",
                "{parentRefs: [{kind: Service, name: product}], rules: [{name: own, matches: "
                "[{path: {value: /own}}], " +
                    to_product + "}, {name: rest, backendRefs: [{name: product, port: 80}, " +
                    "{name: other, port: 80}]}]}");

TEST(RouteList, ARuleHasTheFaultsAndTheFallbackOfThePolicyThatNamesIt) {
  const auto plan =
      plan_of(product + split + fault("f", "{kind: HTTPRoute, name: r, sectionName: own}") +
              ours("TrafficPolicy", "p",
                   "{targetRefs: [{kind: HTTPRoute, name: r, sectionName: own}], fallback: "
                   "[{type: CACHED}, {type: CLUSTER, backendRef: {name: other}}]}"));
  const RouteRule* own = plan->mesh->find("product", 0, MadeRequest("/own")).rule;
  const RouteRule* rest = plan->mesh->find("product", 0, MadeRequest("/rest")).rule;
  ASSERT_NE(own, nullptr);
  ASSERT_NE(rest, nullptr);
  EXPECT_EQ(plan->faults.at(own->fault).metadata.name, "f");
  EXPECT_EQ(rest->fault, no_policy);
  const FallbackSpec& fallback = plan->fallbacks.at(own->fallback);
  EXPECT_EQ(fallback.name, "r.shop/own");
  EXPECT_EQ(fallback.steps.size(), 2u);
  ASSERT_EQ(fallback.others.size(), 1u);
  EXPECT_EQ(plan->targets[fallback.others[0]].name, "other.shop");
  EXPECT_EQ(rest->fallback, no_policy);
}

TEST(RouteList, ThePlanSaysWhichMirrorsARuleHas) {
  const std::string mirror =
      "{type: RequestMirror, requestMirror: {backendRef: {name: other}, fraction: {numerator: 1, "
      "denominator: 1000}}}";
  const auto plan =
      plan_of(product + ours("Service", "other", "{ports: [{port: 80}]}") +
              gateway_api("HTTPRoute", "h",
                          "{parentRefs: [{kind: Service, name: product}], rules: [{name: none, "
                          "matches: [{path: {value: /none}}], " +
                              to_product + "}, {name: two, filters: [" + mirror + ", " + mirror +
                              "], " + to_product + "}]}") +
              gateway_api("GRPCRoute", "g",
                          "{parentRefs: [{kind: Service, name: product}], rules: [{filters: [" +
                              mirror + "], " + to_product + "}]}"));
  const auto mirrors_of = [&](const Request& request) {
    return plan->mirrors_of(*plan->mesh->find("product", 0, request).rule);
  };
  EXPECT_EQ(mirrors_of(MadeRequest("/none")).size(), 0u);
  ASSERT_EQ(mirrors_of(MadeRequest("/")).size(), 2u);
  const MirrorSpec& spec = mirrors_of(MadeRequest("/"))[1];
  EXPECT_EQ(plan->targets.at(spec.target).name, "other.shop");
  EXPECT_EQ(spec.share.numerator, 1u);
  EXPECT_EQ(spec.share.denominator, 1000u);
  EXPECT_EQ(mirrors_of(GrpcCall("/s/m")).size(), 1u);
}

TEST(RouteList, ATargetHasTheFaultsAndTheFallbackOfItsService) {
  const auto plan = plan_of(
      product + split + fault("f", "{name: other}") + fault("g", "{name: product}") +
      ours("TrafficPolicy", "p", "{targetRefs: [{name: other}], fallback: [{type: STATIC}]}"));
  const RouteRule* rest = plan->mesh->find("product", 0, MadeRequest("/rest")).rule;
  ASSERT_NE(rest, nullptr);
  const TargetSpec& first = plan->targets[rest->backends.at(0).target];
  const TargetSpec& second = plan->targets[rest->backends.at(1).target];
  EXPECT_EQ(plan->faults.at(first.fault).metadata.name, "g");
  EXPECT_EQ(first.fallback, no_policy);
  EXPECT_EQ(plan->faults.at(second.fault).metadata.name, "f");
  EXPECT_EQ(plan->fallbacks.at(second.fallback).name, "other.shop");
}

// ---- TCPRoute and TLSRoute

const std::string database =
    ours("Service", "db", "{ports: [{port: 5432, protocol: TCP}], addresses: [10.0.0.7]}") +
    ours("Service", "db-new", "{ports: [{port: 5432, protocol: TCP}]}");

std::string tcp_route(const std::string& name) {
  return gateway_api("TCPRoute", name,
                     "{parentRefs: [{kind: Service, name: db}], rules: [{name: move, backendRefs: "
                     "[{name: db, weight: 9}, {name: db-new}]}]}");
}

TEST(RouteList, ATcpRouteSplitsConnections) {
  const auto plan = plan_of(database + tcp_route("t"));
  const auto found = plan->mesh->find_for_service("db", 5432, bytes());
  ASSERT_EQ(name_of(found), "t.shop/move");
  ASSERT_EQ(found.rule->backends.size(), 2u);
  EXPECT_EQ(found.rule->total_weight, 10u);
  EXPECT_EQ(plan->targets[found.rule->backends[1].target].name, "db-new.shop");
  EXPECT_EQ(name_of(plan->mesh->find_for_service("db-new", 0, bytes())), "db-new.shop")
      << "without a route all goes to the service";
}

TEST(RouteList, MessagesAreBytesTooWhereOnlyATcpRouteSpeaks) {
  const auto plan = plan_of(database + tcp_route("t"));
  EXPECT_EQ(name_of(plan->mesh->find("db", 0, MadeRequest("/"))), "t.shop/move");
}

TEST(RouteList, BytesDoNotPassWhereOnlyRoutesOfMessagesSpeak) {
  const auto plan = plan_of(product + gateway_api("HTTPRoute", "h",
                                                  "{parentRefs: [{kind: Service, name: product}], "
                                                  "rules: [{name: r, " +
                                                      to_product + "}]}"));
  EXPECT_EQ(name_of(plan->mesh->find_for_service("product", 80, bytes())), "no rule");
}

TEST(RouteList, ATlsRouteGoesByTheServerThatIsNamed) {
  const auto plan =
      plan_of(product + gateway_api("TLSRoute", "t",
                                    "{parentRefs: [{kind: Service, name: product}], hostnames: "
                                    "[\"*.example.com\"], rules: [{name: r, " +
                                        to_product + "}]}"));
  const auto find = [&](const Request& request) {
    return name_of(plan->mesh->find_for_service("product", 80, request));
  };
  EXPECT_EQ(find(bytes("tls", "a.example.com")), "t.shop/r");
  EXPECT_EQ(find(bytes("tls", "example.org")), "no rule");
  EXPECT_EQ(find(bytes("http", "a.example.com")), "no rule");
}

TEST(RouteList, AGatewaysListenerTakesTheKindsOfItsProtocol) {
  const std::string parents = "{parentRefs: [{name: edge}], rules: [{name: r, " + to_product + "}]";
  const auto plan = plan_of(
      product +
      gateway_api("Gateway", "edge",
                  "{listeners: [{name: http, port: 80, protocol: HTTP}, {name: tcp, port: 81, "
                  "protocol: TCP}, {name: tls, port: 82, protocol: TLS, tls: {mode: Passthrough}, "
                  "hostname: \"*.example.com\"}]}") +
      gateway_api("HTTPRoute", "h", parents + "}") + gateway_api("TCPRoute", "t", parents + "}") +
      gateway_api("TLSRoute", "s", parents + ", hostnames: [a.example.com, a.example.org]}"));
  const auto find = [&](std::string_view section, const Request& request) {
    const RouteTable* table = plan->gateway("edge.shop/" + std::string(section));
    return name_of(table->find(request.authority, 0, request));
  };
  EXPECT_EQ(find("http", MadeRequest("/")), "h.shop/r");
  EXPECT_EQ(find("http", bytes()), "no rule");
  EXPECT_EQ(find("tcp", bytes()), "t.shop/r");
  EXPECT_EQ(find("tcp", bytes("tls", "a.example.com")), "t.shop/r");
  EXPECT_EQ(find("tls", bytes("tls", "a.example.com")), "s.shop/r");
  EXPECT_EQ(find("tls", bytes("tls", "b.example.com")), "no host");
  EXPECT_EQ(find("tls", bytes("tls", "a.example.org")), "no host") << "not the listener's";
  EXPECT_EQ(find("tls", bytes()), "no host");
}

// ---- By address

TEST(RouteList, ACapturedConnectionFindsItsServiceByAddressAndPort) {
  const auto plan = plan_of(database + ours("Service", "cache",
                                            "{ports: [{port: 6379, protocol: TCP}], addresses: "
                                            "[10.0.0.7, \"fd00:0::7\"]}"));
  const auto find = [&](std::string_view address, std::uint16_t port) {
    return name_of(plan->mesh->find_by_address(address, port, bytes()));
  };
  EXPECT_EQ(find("10.0.0.7", 5432), "db.shop");
  EXPECT_EQ(find("10.0.0.7", 6379), "cache.shop") << "one address, another port";
  EXPECT_EQ(find("fd00::7", 6379), "cache.shop") << "as inet_ntop() writes it";
  EXPECT_EQ(find("10.0.0.7", 80), "no host");
  EXPECT_EQ(find("10.0.0.8", 5432), "no host");
  EXPECT_EQ(name_of(plan->mesh->find_by_address("10.0.0.7", 5432, MadeRequest("/"))), "db.shop");
}

// ---- What the own service is asked

TEST(RouteList, ThePlanSaysWhatHoldsForTheOwnService) {
  const std::string policy = "{action: DENY, rules: [{name: r}]";
  const auto plan = plan_of(
      ours(
          "Service", "product",
          "{ports: [{name: http, port: 80}, {name: grpc, port: 90, appProtocol: grpc}], endpoints: "
          "[{address: 127.0.0.1, port: 8080}, {address: 127.0.0.1, port: 8090, portName: grpc}, "
          "{address: 127.0.0.2, port: 8080}]}") +
          ours("MeshTLS", "m",
               "{targetRefs: [{name: product}], mode: strict, ports: [{port: 90, mode: "
               "disabled}]}") +
          ours("AuthorizationPolicy", "all", policy + "}") +
          ours("AuthorizationPolicy", "mine", policy + ", targetRefs: [{name: product}]}") +
          ours("AuthorizationPolicy", "others", policy + ", targetRefs: [{name: other}]}"),
      "product");
  const InboundPlan& inbound = plan->inbound;
  ASSERT_EQ(inbound.ports.size(), 2u);
  EXPECT_EQ(inbound.find(0), &inbound.ports[0]);
  EXPECT_EQ(inbound.find(90), &inbound.ports[1]);
  EXPECT_EQ(inbound.find(91), nullptr);
  EXPECT_EQ(inbound.ports[0].endpoint_ports, std::vector<std::uint16_t>{8080});
  EXPECT_EQ(inbound.find_by_endpoint(8090), &inbound.ports[1]);
  EXPECT_EQ(inbound.find_by_endpoint(9999), nullptr);
  EXPECT_EQ(inbound.ports[0].tls, TlsMode::strict);
  EXPECT_EQ(inbound.ports[1].tls, TlsMode::disabled);
  EXPECT_EQ(inbound.ports[1].protocol, Protocol::grpc);
  ASSERT_EQ(inbound.policies.size(), 2u);
  EXPECT_EQ(inbound.policies[0].metadata.name, "all");
  EXPECT_EQ(inbound.policies[1].metadata.name, "mine");
}

TEST(RouteList, AServiceThatIsNotKnownHasThePoliciesOfItsNamespace) {
  const auto plan =
      plan_of(ours("AuthorizationPolicy", "all", "{action: DENY, rules: [{name: r}]}"), "unknown");
  EXPECT_EQ(plan->inbound.find(0), nullptr);
  EXPECT_EQ(plan->inbound.policies.size(), 1u);
}

TEST(RouteList, ATargetSaysHowItIsCalled) {
  const auto plan =
      plan_of(ours("Service", "product",
                   "{ports: [{port: 80, appProtocol: kubernetes.io/h2c}], "
                   "identities: [catalogue, \"spiffe://e/x\"]}") +
              ours("Service", "product-v2", "{of: product, subset: {v: v2}, ports: [{port: 80}]}") +
              ours("Service", "other", "{ports: [{port: 80}]}") +
              ours("MeshTLS", "m", "{targetRefs: [{name: product}], mode: strict}"));
  ASSERT_EQ(plan->targets.size(), 3u);
  const std::vector<std::string> identities = {"/ns/shop/sa/catalogue", "spiffe://e/x"};
  EXPECT_EQ(plan->targets[0].protocol, Protocol::http2);
  EXPECT_EQ(plan->targets[0].identities, identities);
  EXPECT_EQ(plan->targets[0].tls, TlsMode::strict);
  EXPECT_EQ(plan->targets[1].identities, identities) << "a part has those of the whole";
  EXPECT_EQ(plan->targets[1].tls, TlsMode::strict);
  EXPECT_EQ(plan->targets[2].identities, std::vector<std::string>{"/ns/shop/sa/other"});
  EXPECT_EQ(plan->targets[2].tls, TlsMode::disabled);
}

TEST(RouteList, ItsPolicySaysHowMuchARuleMatters) {
  const auto plan = plan_of(
      product +
      gateway_api("HTTPRoute", "h",
                  "{parentRefs: [{kind: Service, name: product}], rules: [{name: r, matches: "
                  "[{path: {value: /r}}], " +
                      to_product + "}, {" + to_product + "}]}") +
      ours("TrafficPolicy", "p",
           "{targetRefs: [{kind: HTTPRoute, name: h, sectionName: r}], criticality: SHEDDABLE}"));
  const MadeRequest of_rule("/r"), other("/");
  EXPECT_EQ(plan->mesh->find("product", 80, of_rule).rule->criticality, Criticality::sheddable);
  EXPECT_FALSE(plan->mesh->find("product", 80, other).rule->criticality);
}

}  // namespace
}  // namespace skiff
