#include <gtest/gtest.h>

#include "sidecar/route/route_table.h"
#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::MadeRequest;

Metadata named(std::string name, std::string ns, std::string created = "") {
  Metadata metadata;
  metadata.name = std::move(name);
  metadata.ns = std::move(ns);
  metadata.creation_timestamp = std::move(created);
  return metadata;
}

ObjectRef ref(std::string kind, std::string name, std::string ns = "", std::uint16_t port = 0) {
  ObjectRef made;
  made.kind = std::move(kind);
  made.name = std::move(name);
  made.ns = std::move(ns);
  made.port = port;
  return made;
}

Service service(std::string name, std::string ns = "shop",
                std::vector<std::uint16_t> ports = {80}) {
  Service made;
  made.metadata = named(std::move(name), std::move(ns));
  for (const std::uint16_t port : ports)
    made.ports.push_back({std::to_string(port), port, {}, {}, {}});
  return made;
}

// A rule named `name` for paths below `prefix`, to service `product`.
HTTPRouteRule rule(std::string name, std::string prefix = "/") {
  HTTPRouteRule made;
  made.name = std::move(name);
  made.matches.emplace_back().path.value = std::move(prefix);
  made.backend_refs.push_back({ref("Service", "product"), 1, {}});
  return made;
}

HTTPRoute route(Metadata metadata, std::vector<ObjectRef> parents, std::vector<HTTPRouteRule> rules,
                std::vector<std::string> hostnames = {}) {
  HTTPRoute made;
  made.metadata = std::move(metadata);
  made.parent_refs = std::move(parents);
  made.rules = std::move(rules);
  made.hostnames = std::move(hostnames);
  return made;
}

std::string name_of(const RouteTable::Found& found) {
  return found.rule != nullptr ? found.rule->name : found.host_known ? "no rule" : "no host";
}

std::string mesh(const RoutePlan& plan, std::string_view host, std::string_view target = "/",
                 std::uint16_t port = 0) {
  return name_of(plan.mesh->find(host, port, MadeRequest(target)));
}

// ---- Names of services

TEST(Plan, AServiceWithoutRoutesIsReachedByEachOfItsNames) {
  Resources resources;
  resources.services = {service("product"), service("bank", "money")};
  resources.services[0].hosts = {"Products.Example.com", "*.products.example"};
  const auto plan = make_route_plan(resources, "shop");
  for (const char* host :
       {"product", "product.shop", "product.shop.svc", "product.shop.svc.cluster.local",
        "products.example.com", "a.products.example"})
    EXPECT_EQ(mesh(*plan, host), "product.shop") << host;
  EXPECT_EQ(mesh(*plan, "bank.money"), "bank.money");
  EXPECT_EQ(mesh(*plan, "bank"), "no host") << "of another namespace";
  EXPECT_EQ(mesh(*make_route_plan(resources, "money"), "bank"), "bank.money");
  EXPECT_EQ(mesh(*plan, "product.money"), "no host");
}

TEST(Plan, TheNameOfAServiceIsNotTakenByAnothersHosts) {
  Resources resources;
  resources.services = {service("thief"), service("product")};
  resources.services[0].hosts = {"product"};
  EXPECT_EQ(mesh(*make_route_plan(resources, "shop"), "product"), "product.shop");
}

TEST(Plan, EachPortOfAServiceIsATargetOfItsOwn) {
  Resources resources;
  resources.services = {service("product", "shop", {80, 9090})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(mesh(*plan, "product", "/", 9090), "product.shop:9090");
  EXPECT_EQ(mesh(*plan, "product", "/", 0), "product.shop");
  EXPECT_EQ(mesh(*plan, "product", "/", 81), "no rule");
  EXPECT_EQ(plan->targets.size(), 2u);
}

TEST(Plan, AListenerOfOneServiceFindsItsRulesWhateverTheHost) {
  Resources resources;
  resources.services = {service("product", "shop", {80, 9090}), service("bank", "money")};
  const auto plan = make_route_plan(resources, "shop");
  const auto find = [&](std::string_view name, std::uint16_t port) {
    return name_of(plan->mesh->find_for_service(name, port, MadeRequest("/")));
  };
  EXPECT_EQ(find("product", 0), "product.shop");
  EXPECT_EQ(find("product.shop", 9090), "product.shop:9090");
  EXPECT_EQ(find("bank.money", 0), "bank.money");
  EXPECT_EQ(find("bank", 0), "no host");
}

// ---- Routes of services (GAMMA)

TEST(Plan, AServiceWithARouteIsReachedOnlyThroughItsRules) {
  Resources resources;
  resources.services = {service("product"), service("user")};
  resources.http_routes = {route(named("r", "shop"), {ref("Service", "product")},
                                 {rule("api", "/api")}, {"ignored.com"})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(mesh(*plan, "product", "/api/x"), "r.shop/api");
  EXPECT_EQ(mesh(*plan, "product", "/other"), "no rule");
  EXPECT_EQ(mesh(*plan, "user", "/other"), "user.shop");
  EXPECT_EQ(mesh(*plan, "ignored.com"), "no host") << "hostnames mean nothing to a Service parent";
}

TEST(Plan, AParentRefsPortLimitsARouteToThatPort) {
  Resources resources;
  resources.services = {service("product", "shop", {80, 9090})};
  resources.http_routes = {
      route(named("r", "shop"), {ref("Service", "product", "", 9090)}, {rule("admin")})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(mesh(*plan, "product", "/", 9090), "r.shop/admin");
  EXPECT_EQ(mesh(*plan, "product", "/", 80), "product.shop");
}

TEST(Plan, AProducersRouteIsForAllAndAConsumersForItsNamespaceInsteadOfIt) {
  Resources resources;
  resources.services = {service("product", "shop")};
  resources.http_routes = {
      route(named("producer", "shop"), {ref("Service", "product")},
            {rule("all"), rule("api", "/api")}),
      route(named("consumer", "web"), {ref("Service", "product", "shop")}, {rule("web", "/web")})};
  const auto shop = make_route_plan(resources, "shop");
  const auto web = make_route_plan(resources, "web");
  const auto other = make_route_plan(resources, "other");
  EXPECT_EQ(mesh(*shop, "product.shop", "/web"), "producer.shop/all");
  EXPECT_EQ(mesh(*other, "product.shop", "/web"), "producer.shop/all");
  EXPECT_EQ(mesh(*web, "product.shop", "/web"), "consumer.web/web");
  EXPECT_EQ(mesh(*web, "product.shop", "/api"), "no rule") << "GEP-1294: the two are not merged";
}

TEST(Plan, RoutesOfOneServiceAreMergedByPrecedence) {
  Resources resources;
  resources.services = {service("product")};
  const std::vector<ObjectRef> parents{ref("Service", "product")};
  resources.http_routes = {
      route(named("young", "shop", "2025-06-01T00:00:00Z"), parents,
            {rule("x"), rule("y", "/a/b")}),
      route(named("b-old", "shop", "2024-06-01T00:00:00Z"), parents, {rule("x"), rule("z")}),
      route(named("a-old", "shop", "2024-06-01T00:00:00Z"), parents, {rule("x", "/a"), rule("y")})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(mesh(*plan, "product", "/"), "a-old.shop/y") << "equally old: by name";
  EXPECT_EQ(mesh(*plan, "product", "/a"), "a-old.shop/x");
  EXPECT_EQ(mesh(*plan, "product", "/a/b"), "young.shop/y") << "a longer path before age";
  resources.http_routes.pop_back();
  EXPECT_EQ(mesh(*make_route_plan(resources, "shop"), "product"), "b-old.shop/x")
      << "the older route, and its first rule";
}

// ---- Rules

TEST(Plan, ARuleWithoutMatchesIsForEverything) {
  Resources resources;
  resources.services = {service("product")};
  HTTPRouteRule any = rule("");
  any.matches.clear();
  resources.http_routes = {route(named("r", "shop"), {ref("Service", "product")}, {any})};
  EXPECT_EQ(mesh(*make_route_plan(resources, "shop"), "product", "/x"), "r.shop/0");
}

TEST(Plan, ARuleKnowsItsBackendsAndRulesAreNumbered) {
  Resources resources;
  resources.services = {service("product"), service("bank", "money", {1, 2})};
  HTTPRouteRule split = rule("split");
  split.backend_refs = {{ref("Service", "product"), 3, {}},
                        {ref("Service", "bank", "money", 2), 0, {}},
                        {ref("Service", "nobody"), 1, {}}};
  resources.http_routes = {route(named("r", "shop"), {ref("Service", "product")}, {split})};
  const auto plan = make_route_plan(resources, "shop");
  const auto found = plan->mesh->find("product", 0, MadeRequest("/"));
  ASSERT_EQ(found.rule->backends.size(), 3u);
  EXPECT_EQ(found.rule->total_weight, 4u);
  EXPECT_EQ(plan->targets[found.rule->backends[0].target].name, "product.shop");
  EXPECT_EQ(plan->targets[found.rule->backends[1].target].name, "bank.money:2");
  EXPECT_EQ(plan->targets[found.rule->backends[2].target].name, "nobody.shop");
  for (std::size_t i = 0; i < plan->rules.size(); ++i) EXPECT_EQ(plan->rules[i]->index, i);
}

TEST(Plan, ARulesTimeoutIsItsOwnElseThatOfThePolicyWhichNamesItsRoute) {
  Resources resources;
  resources.services = {service("product")};
  std::vector<HTTPRouteRule> rules{rule("own", "/own"), rule("slow", "/slow"), rule("rest")};
  rules[0].timeouts.request = Milliseconds(0);
  resources.http_routes = {
      route(named("r", "shop"), {ref("Service", "product")}, rules),
      route(named("s", "shop"), {ref("Service", "product")}, {rule("none", "/none")})};
  for (const char* section : {"", "slow"}) {
    TrafficPolicy& policy = resources.traffic_policies.emplace_back();
    policy.metadata = named("p" + std::string(section), "shop");
    policy.target_refs = {ref("HTTPRoute", "r")};
    policy.target_refs[0].section_name = section;
    policy.timeouts.request = Milliseconds(*section == 0 ? 100 : 200);
  }
  const auto plan = make_route_plan(resources, "shop");
  const auto timeout = [&](const char* path) {
    return plan->mesh->find("product", 0, MadeRequest(path)).rule->request_timeout;
  };
  EXPECT_EQ(timeout("/own"), Milliseconds(0));
  EXPECT_EQ(timeout("/slow"), Milliseconds(200));
  EXPECT_EQ(timeout("/"), Milliseconds(100));
  EXPECT_EQ(timeout("/none"), std::nullopt);
}

// ---- Gateways

Gateway gateway() {
  Gateway made;
  made.metadata = named("edge", "shop");
  made.listeners = {{"any", "", 80, {}, {}, {}}, {"example", "*.example.com", 81, {}, {}, {}}};
  return made;
}

ObjectRef edge(std::string section = "", std::uint16_t port = 0) {
  ObjectRef made = ref("Gateway", "edge", "", port);
  made.section_name = std::move(section);
  return made;
}

std::string at_gateway(const RoutePlan& plan, std::string_view section, std::string_view host) {
  const RouteTable* table = plan.gateway("edge.shop/" + std::string(section));
  return table == nullptr ? "no table" : name_of(table->find(host, 8080, MadeRequest("/")));
}

TEST(Plan, AGatewaysListenerTakesTheHostsThatItAndTheRouteHaveInCommon) {
  Resources resources;
  resources.services = {service("product")};
  resources.gateways = {gateway()};
  resources.http_routes = {
      route(named("any", "shop"), {edge()}, {rule("0")}),
      route(named("wild", "shop"), {edge()}, {rule("0")}, {"*.com"}),
      route(named("a", "shop"), {edge()}, {rule("0")}, {"a.example.com", "b.example.org"}),
      route(named("elsewhere", "web"), {ref("Gateway", "edge", "shop")}, {rule("0")}, {"web.org"})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(at_gateway(*plan, "any", "a.example.com"), "a.shop/0");
  EXPECT_EQ(at_gateway(*plan, "any", "b.example.org"), "a.shop/0");
  EXPECT_EQ(at_gateway(*plan, "any", "z.com"), "wild.shop/0");
  EXPECT_EQ(at_gateway(*plan, "any", "z.org"), "any.shop/0");
  EXPECT_EQ(at_gateway(*plan, "any", "web.org"), "any.shop/0") << "a route of another namespace";
  EXPECT_EQ(at_gateway(*plan, "example", "a.example.com"), "a.shop/0");
  EXPECT_EQ(at_gateway(*plan, "example", "b.example.org"), "no host");
  EXPECT_EQ(at_gateway(*plan, "example", "z.com"), "no host");
  EXPECT_EQ(at_gateway(*plan, "example", "z.example.com"), "wild.shop/0")
      << "the route with the longer hostname, though any.shop comes first by name";
}

TEST(Plan, ARouteMayNameOneListenerByItsNameOrPort) {
  Resources resources;
  resources.services = {service("product")};
  resources.gateways = {gateway()};
  resources.http_routes = {
      route(named("named", "shop"), {edge("example")}, {rule("0")}, {"n.example.com"}),
      route(named("port", "shop"), {edge("", 80)}, {rule("0")}, {"p.example.com"})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(at_gateway(*plan, "example", "n.example.com"), "named.shop/0");
  EXPECT_EQ(at_gateway(*plan, "any", "n.example.com"), "no host");
  EXPECT_EQ(at_gateway(*plan, "any", "p.example.com"), "port.shop/0");
  EXPECT_EQ(at_gateway(*plan, "example", "p.example.com"), "no host");
  EXPECT_EQ(at_gateway(*plan, "absent", "p.example.com"), "no table");
  EXPECT_EQ(mesh(*plan, "n.example.com"), "no host") << "the mesh does not see a Gateway's routes";
}

TEST(Plan, AGatewaysOnlyListenerNeedsNoName) {
  Resources resources;
  resources.gateways = {gateway()};
  EXPECT_EQ(make_route_plan(resources, "shop")->gateway("edge.shop/"), nullptr) << "there are two";
  resources.gateways[0].listeners.pop_back();
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_NE(plan->gateway("edge.shop/"), nullptr);
  EXPECT_EQ(plan->gateway("edge"), nullptr);
}

TEST(Plan, AListenersFaultsComeBeforeItsGateways) {
  Resources resources;
  resources.gateways = {gateway()};
  for (const auto& [name, section] : {std::pair("whole", ""), std::pair("one", "example")}) {
    FaultPolicy& policy = resources.fault_policies.emplace_back();
    policy.metadata = named(name, "shop");
    policy.target_refs = {edge(section)};
  }
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(plan->gateway_fault("edge.shop/any"), 0u);
  EXPECT_EQ(plan->gateway_fault("edge.shop/example"), 1u);
  EXPECT_EQ(plan->gateway_fault("other.shop/any"), no_policy);
  resources.gateways[0].listeners.pop_back();
  EXPECT_NE(make_route_plan(resources, "shop")->gateway_fault("edge.shop/"), no_policy);
}

TEST(Plan, KnowsWhereTokensAreAskedForAndWhichClaimsOfThem) {
  Resources resources;
  resources.services = {service("product")};
  resources.gateways = {gateway()};
  resources.http_routes = {route(named("r", "shop"), {edge()}, {rule("0"), rule("1", "/x")})};
  ObjectRef one_rule = ref("HTTPRoute", "r");
  one_rule.section_name = "1";
  for (const ObjectRef& target : {edge("example"), one_rule, ref("Service", "product")}) {
    JWTPolicy& policy = resources.jwt_policies.emplace_back();
    policy.metadata = named("p" + std::to_string(resources.jwt_policies.size()), "shop");
    policy.target_refs = {target};
  }
  RateLimitPolicy& limits = resources.rate_limit_policies.emplace_back();
  limits.metadata = named("l", "shop");
  limits.target_refs = {ref("Service", "product")};
  using Type = RateLimitKeyConfig::Type;
  limits.limits.emplace_back().key = {{.type = Type::jwt_claim, .claim = "sub"},
                                      {.type = Type::header, .name = "x"}};
  limits.limits.emplace_back().key = {{.type = Type::jwt_claim, .claim = "sub"},
                                      {.type = Type::jwt_claim, .claim = "/a/b"}};
  limits.limits.front().name = "other";

  const auto plan = make_route_plan(resources, "shop", "product");
  EXPECT_EQ(plan->find_gateway("edge.shop/example")->jwt, 0u);
  EXPECT_EQ(plan->find_gateway("edge.shop/any")->jwt, no_policy);
  ASSERT_EQ(plan->rules.size(), 3u);  // One is the service's own.
  for (const auto& each : plan->rules)
    EXPECT_EQ(each->jwt, each->name == "r.shop/1" ? 1u : no_policy) << each->name;
  EXPECT_EQ(plan->inbound.jwt, 2u);
  EXPECT_EQ(plan->claims, (std::vector<std::string>{"/a/b", "sub"}));
  EXPECT_EQ(make_route_plan(resources, "shop", "order")->inbound.jwt, no_policy);
}

TEST(Plan, AsksTokensForTheClaimsOfTheOwnServicesRules) {
  Resources resources;
  resources.services = {service("product"), service("user")};
  for (const char* name : {"product", "user"}) {
    AuthorizationPolicy& policy = resources.authorization_policies.emplace_back();
    policy.metadata = named(name, "shop");
    policy.target_refs = {ref("Service", name)};
    AuthorizationRule& rule = policy.rules.emplace_back();
    for (const char* claim : {name, "sub"}) rule.claims.emplace_back().name = claim;
  }
  EXPECT_EQ(make_route_plan(resources, "shop", "product")->claims,
            (std::vector<std::string>{"product", "sub"}));
  EXPECT_TRUE(make_route_plan(resources, "shop", "order")->claims.empty());
}

TEST(Plan, OneRuleSharedByParentsAndHostsIsOneRule) {
  Resources resources;
  resources.services = {service("product"), service("user")};
  resources.gateways = {gateway()};
  resources.http_routes = {route(named("r", "shop"),
                                 {ref("Service", "product"), ref("Service", "user"), edge()},
                                 {rule("0")}, {"a.example.com", "b.example.com"})};
  const auto plan = make_route_plan(resources, "shop");
  EXPECT_EQ(plan->rules.size(), 1u);
  EXPECT_EQ(mesh(*plan, "user"), "r.shop/0");
  EXPECT_EQ(at_gateway(*plan, "example", "b.example.com"), "r.shop/0");
}

TEST(Plan, TenThousandRoutesOfOneHostAreAllFound) {
  Resources resources;
  resources.services = {service("product")};
  resources.gateways = {gateway()};
  for (int i = 0; i < 10'000; ++i) {
    const std::string n = std::to_string(i);
    resources.http_routes.push_back(
        route(named("r" + n, "shop"), {edge()}, {rule("0", "/p" + n + "/x")}));
  }
  const auto plan = make_route_plan(resources, "shop");
  const RouteTable* table = plan->gateway("edge.shop/any");
  for (int i = 0; i < 10'000; i += 97) {
    const std::string n = std::to_string(i);
    EXPECT_EQ(name_of(table->find("h", 0, MadeRequest("/p" + n + "/x/y"))), "r" + n + ".shop/0");
  }
  EXPECT_EQ(name_of(table->find("h", 0, MadeRequest("/p1/y"))), "no rule");
}

}  // namespace
}  // namespace skiff
