#include "config/schema/http_route.h"

#include <set>

#include "config/schema/shape.h"

namespace skiff {
namespace {

using FilterType = HTTPRouteFilter::Type;

bool has_filter(const std::vector<HTTPRouteFilter>& filters, FilterType type) {
  return std::ranges::any_of(filters, [type](const auto& filter) { return filter.type == type; });
}

std::string item(std::string_view list, std::size_t index) {
  return std::string(list).append("[").append(std::to_string(index)).append("]");
}

// A filter that replaces a prefix needs the one prefix that matched.
bool replaces_prefix(const HTTPRouteFilter& filter) {
  const std::optional<PathModifier>* path = nullptr;
  if (filter.type == FilterType::url_rewrite) path = &filter.url_rewrite.path;
  if (filter.type == FilterType::request_redirect) path = &filter.request_redirect.path;
  return path && *path && (**path).type == PathModifier::Type::replace_prefix_match;
}

bool matches_prefixes_only(const HTTPRouteRule& rule) {
  return std::ranges::all_of(rule.matches, [](const HTTPRouteMatch& match) {
    return match.path.type == PathMatch::Type::path_prefix;
  });
}

void check_filters(const HTTPRouteRule& rule, const std::vector<HTTPRouteFilter>& filters,
                   const std::string& where, const Complain& complain) {
  std::set<FilterType> types;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::string at = item(where, i);
    if (!types.insert(filters[i].type).second) {
      complain(at, "is a second filter of its type", "each type once");
    }
    if (replaces_prefix(filters[i]) && !matches_prefixes_only(rule)) {
      complain(at, "replaces a prefix, but not all matches of the rule are of type PathPrefix",
               "ReplaceFullPath, or only PathPrefix in matches");
    }
  }
  if (has_filter(filters, FilterType::url_rewrite) &&
      has_filter(filters, FilterType::request_redirect)) {
    complain(where, "has both URLRewrite and RequestRedirect", "one of them");
  }
}

void check_backends(const HTTPRouteRule& rule, const Complain& complain) {
  std::uint64_t weights = 0;
  for (std::size_t i = 0; i < rule.backend_refs.size(); ++i) {
    const HTTPBackendRef& backend = rule.backend_refs[i];
    weights += backend.weight;
    check_filters(rule, backend.filters, item("backendRefs", i) + ".filters", complain);
    if (has_filter(backend.filters, FilterType::request_redirect)) {
      complain(item("backendRefs", i) + ".filters", "has a RequestRedirect",
               "redirects among the filters of the rule");
    }
  }
  if (rule.backend_refs.empty()) return;
  if (has_filter(rule.filters, FilterType::request_redirect)) {
    complain("backendRefs", "stands beside a RequestRedirect, which sends nothing on",
             "one of them");
  } else if (weights == 0) {
    complain("backendRefs", "all weights are 0", "at least one weight above 0");
  }
}

void check_rule(const HTTPRouteRule& rule, const Complain& complain) {
  check_filters(rule, rule.filters, "filters", complain);
  check_backends(rule, complain);
}

void check_timeouts(const HTTPRouteTimeouts& timeouts, const Complain& complain) {
  if (!timeouts.request || !timeouts.backend_request) return;
  if (timeouts.request->count() == 0 || *timeouts.backend_request <= *timeouts.request) return;
  complain("backendRequest", to_text(*timeouts.backend_request) + " is longer than request",
           "at most " + to_text(*timeouts.request));
}

void check_rule_names(const HTTPRoute& route, const Complain& complain) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < route.rules.size(); ++i) {
    const std::string& name = route.rules[i].name;
    if (name.empty() || names.insert(name).second) continue;
    complain(item("rules", i) + ".name", "is the name of another rule too", "each name once");
  }
}

Shape describe_spec() {
  Shape shape = Shape::of<HTTPRoute>("Which requests go where.");
  shape
      .field("parentRefs", &HTTPRoute::parent_refs,
             "What the route is attached to: Gateways, or Services of the mesh.")
      .shaped(describe_parent_ref())
      .items(1, 32)
      .required();
  shape
      .field("hostnames", &HTTPRoute::hostnames,
             "Only requests for these hosts: names, or *. and a name. Left out: all of the parent.")
      .obeys(text_rules::host_pattern)
      .items(0, 16);
  shape
      .field("rules", &HTTPRoute::rules,
             "The rule with the most specific match wins, as Gateway API orders them.")
      .items(1, 16)
      .required();
  shape.check(&check_rule_names);
  return shape;
}

}  // namespace

Shape describe(Of<HTTPBackendRef>) {
  Shape shape = Shape::of<HTTPBackendRef>("A service that requests go to.");
  shape.inlined(&HTTPBackendRef::ref, describe_backend_ref());
  shape
      .field("weight", &HTTPBackendRef::weight,
             "Its share of requests, relative to the other backends. 0: none.")
      .range(0, 1'000'000);
  shape.field("filters", &HTTPBackendRef::filters, "Changes only for what goes to this backend.")
      .items(0, 16);
  return shape;
}

Shape describe(Of<HTTPRouteTimeouts>) {
  using std::chrono::hours;
  Shape shape = Shape::of<HTTPRouteTimeouts>("How long requests of this rule may take.");
  shape
      .field(
          "request", &HTTPRouteTimeouts::request,
          "The whole exchange, tries included. 0s: no limit. Left out: as the TrafficPolicy says.")
      .range(Milliseconds(0), hours(24));
  shape
      .field("backendRequest", &HTTPRouteTimeouts::backend_request,
             "One try. 0s: no limit. Left out: as `request`.")
      .range(Milliseconds(0), hours(24));
  shape.check(&check_timeouts);
  return shape;
}

Shape describe(Of<SplitKey>) {
  Shape shape = Shape::of<SplitKey>(
      "What keeps a user at the same one of backendRefs. Ours, beside Gateway API.");
  shape.field("type", &SplitKey::type, "Where the key is taken from. None: each request by chance.")
      .one_of({"None", "Header", "Cookie", "SourceAddress"});
  shape.field("name", &SplitKey::name, "Of the header or cookie.")
      .obeys(text_rules::header_name)
      .required()
      .only_for("type", {"Header", "Cookie"});
  return shape;
}

Shape describe(Of<HTTPRouteRule>) {
  Shape shape = Shape::of<HTTPRouteRule>("Where requests that match go.");
  shape.field("name", &HTTPRouteRule::name, "What policies call it in sectionName.")
      .obeys(text_rules::dns_label);
  shape.field("matches", &HTTPRouteRule::matches, "Which requests: any of these. Left out: all.")
      .items(0, 64);
  shape.field("filters", &HTTPRouteRule::filters, "Changes on the way; each type once.")
      .items(0, 16);
  shape
      .field("backendRefs", &HTTPRouteRule::backend_refs,
             "Where they go, by weight. Without any, and without a redirect, they get 500.")
      .items(0, 16);
  shape.field("timeouts", &HTTPRouteRule::timeouts, "How long they may take.");
  shape.field("splitKey", &HTTPRouteRule::split_key,
              "What keeps a user at one backend. Ours, beside Gateway API.");
  shape.position(&HTTPRouteRule::position);
  shape.check(&check_rule);
  return shape;
}

Shape describe(Of<HTTPRoute>) {
  Shape shape = Shape::of<HTTPRoute>("Which requests go where. As in Gateway API.");
  shape.constant("apiVersion", "gateway.networking.k8s.io/v1", "The version of this kind.");
  shape.constant("kind", "HTTPRoute", "This kind.");
  shape.field("metadata", &HTTPRoute::metadata, "Its name.").required();
  shape.part("spec", describe_spec(), "What it says.").required();
  shape.position(&HTTPRoute::position);
  return shape;
}

}  // namespace skiff
