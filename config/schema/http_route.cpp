#include "config/schema/http_route.h"

#include <set>

#include "config/schema/resource_shape.h"
#include "config/schema/route_shapes.h"

namespace skiff {
namespace {

using FilterType = HTTPRouteFilter::Type;

bool has_filter(const std::vector<HTTPRouteFilter>& filters, FilterType type) {
  return std::ranges::any_of(filters, [type](const auto& filter) { return filter.type == type; });
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
  check_filter_types(filters, where, complain);
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (replaces_prefix(filters[i]) && !matches_prefixes_only(rule)) {
      complain(item(where, i),
               "replaces a prefix, but not all matches of the rule are of type PathPrefix",
               "ReplaceFullPath, or only PathPrefix in matches");
    }
  }
  if (has_filter(filters, FilterType::url_rewrite) &&
      has_filter(filters, FilterType::request_redirect)) {
    complain(where, "has both URLRewrite and RequestRedirect", "one of them");
  }
}

void check_backends(const HTTPRouteRule& rule, const Complain& complain) {
  for (std::size_t i = 0; i < rule.backend_refs.size(); ++i) {
    const HTTPBackendRef& backend = rule.backend_refs[i];
    check_filters(rule, backend.filters, item("backendRefs", i) + ".filters", complain);
    if (has_filter(backend.filters, FilterType::request_redirect)) {
      complain(item("backendRefs", i) + ".filters", "has a RequestRedirect",
               "redirects among the filters of the rule");
    }
    if (has_filter(backend.filters, FilterType::request_mirror)) {
      complain(item("backendRefs", i) + ".filters", "has a RequestMirror",
               "mirrors among the filters of the rule");
    }
  }
  if (has_filter(rule.filters, FilterType::request_redirect) &&
      has_filter(rule.filters, FilterType::request_mirror)) {
    complain("filters", "has both RequestMirror and RequestRedirect, which sends nothing on",
             "one of them");
  }
  if (!rule.backend_refs.empty() && has_filter(rule.filters, FilterType::request_redirect)) {
    return complain("backendRefs", "stands beside a RequestRedirect, which sends nothing on",
                    "one of them");
  }
  check_weights(rule.backend_refs, complain);
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

Shape describe_spec() {
  Shape shape = Shape::of<HTTPRoute>("Which requests go where.");
  describe_parents<HTTPRoute>(shape);
  describe_hostnames<HTTPRoute>(
      shape,
      "Only requests for these hosts: names, or *. and a name. Left out: all of the parent.");
  shape
      .field("rules", &HTTPRoute::rules,
             "The rule with the most specific match wins, as Gateway API orders them.")
      .items(1, 16)
      .required();
  shape.check(&check_rule_names<HTTPRoute>);
  return shape;
}

}  // namespace

void check_filter_types(const std::vector<HTTPRouteFilter>& filters, const std::string& where,
                        const Complain& complain) {
  std::set<FilterType> seen;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const FilterType type = filters[i].type;
    if (type == FilterType::request_mirror || seen.insert(type).second) continue;
    complain(item(where, i), "is a second filter of its type", "each type but RequestMirror once");
  }
}

void check_weights(const std::vector<HTTPBackendRef>& backends, const Complain& complain) {
  const auto is_off = [](const HTTPBackendRef& backend) { return backend.weight == 0; };
  if (backends.empty() || !std::ranges::all_of(backends, is_off)) return;
  complain("backendRefs", "all weights are 0", "at least one weight above 0");
}

Shape describe(Of<HTTPBackendRef>) { return describe_backend(RouteFilters::all); }

Shape describe_backend(RouteFilters allowed) {
  Shape shape = Shape::of<HTTPBackendRef>("A service that requests go to.");
  shape.inlined(&HTTPBackendRef::ref, describe_backend_ref());
  shape
      .field("weight", &HTTPBackendRef::weight,
             "Its share of requests, relative to the other backends. 0: none.")
      .range(0, 1'000'000);
  if (allowed == RouteFilters::none) return shape;
  shape.field("filters", &HTTPBackendRef::filters, "Changes only for what goes to this backend.")
      .shaped(describe_filter(allowed))
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

Shape describe(Of<HTTPRouteRetry>) {
  Shape shape = Shape::of<HTTPRouteRetry>(
      "When a request is sent again, beside what is provably unprocessed; only where doing it "
      "twice "
      "does no harm. Instead of retry of the TrafficPolicy, but for its budget.");
  shape.field("codes", &HTTPRouteRetry::codes, "Statuses after which it is sent again.")
      .range(400, 599)
      .items(1, 100);
  shape.field("attempts", &HTTPRouteRetry::attempts, "How often it is sent again. 0: never.")
      .range(0, 10);
  shape
      .field("backoff", &HTTPRouteRetry::backoff,
             "Waited at least before each. Left out: as retry.backoff of a TrafficPolicy.")
      .range(Milliseconds(0), std::chrono::minutes(5));
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
  describe_rule_name<HTTPRouteRule>(shape);
  shape.field("matches", &HTTPRouteRule::matches, "Which requests: any of these. Left out: all.")
      .items(0, 64);
  shape
      .field("filters", &HTTPRouteRule::filters,
             "Changes on the way; each type once, but for RequestMirror.")
      .items(0, 16);
  shape
      .field("backendRefs", &HTTPRouteRule::backend_refs,
             "Where they go, by weight. Without any, and without a redirect, they get 500.")
      .items(0, 16);
  shape.field("timeouts", &HTTPRouteRule::timeouts, "How long they may take.");
  shape.field("retry", &HTTPRouteRule::retry, "When they are sent again.");
  shape.field("splitKey", &HTTPRouteRule::split_key,
              "What keeps a user at one backend. Ours, beside Gateway API.");
  shape.position(&HTTPRouteRule::position);
  shape.check(&check_rule);
  return shape;
}

Shape describe(Of<HTTPRoute>) {
  return describe_resource<HTTPRoute>("HTTPRoute", {"gateway.networking.k8s.io/v1"},
                                      "Which requests go where. As in Gateway API.",
                                      describe_spec());
}

}  // namespace skiff
