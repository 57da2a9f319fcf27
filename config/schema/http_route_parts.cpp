// What a rule of an HTTPRoute is made of: matches and filters.

#include "base/lower_case.h"
#include "config/schema/http_route.h"
#include "config/schema/route_shapes.h"

namespace skiff {
namespace {

void check_path(const PathMatch& match, const Complain& complain) {
  const bool is_regex = match.type == PathMatch::Type::regular_expression;
  const TextRule& rule = is_regex ? text_rules::regex : text_rules::absolute_path;
  if (rule.holds(match.value)) return;
  const std::string reason = rule.reason ? ": " + rule.reason(match.value) : "";
  complain("value", "\"" + match.value + "\" is not valid" + reason, std::string(rule.expected));
}

void check_named(const NamedMatch& match, const Complain& complain) {
  if (match.type != NamedMatch::Type::regular_expression) return;
  std::string reason;
  if (compiles(match.value, &reason)) return;
  complain("value", "\"" + match.value + "\" is not valid: " + reason,
           std::string(text_rules::regex.expected));
}

constexpr const char* twice = "names the same as another item";

// Names of headers differ in more than case.
std::string header_name_of(const HTTPHeader& header) { return lower_case(header.name); }

void check_match(const HTTPRouteMatch& match, const Complain& complain) {
  check_header_names(match.headers, complain);
  check_each_once(match.query_params, &NamedMatch::name,
                  {"queryParams", "name", twice, "each name once"}, complain);
}

void check_modifier(const HeaderModifier& modifier, const Complain& complain) {
  check_each_once(modifier.set, &header_name_of, {"set", "name", twice, "each name once"},
                  complain);
  check_each_once(modifier.add, &header_name_of, {"add", "name", twice, "each name once"},
                  complain);
  check_each_once(modifier.remove, &lower_case, {"remove", "", twice, "each name once"}, complain);
}

void check_rewrite(const URLRewrite& rewrite, const Complain& complain) {
  if (!rewrite.hostname.empty() || rewrite.path) return;
  complain("", "rewrites nothing", "hostname, path or both");
}

Shape describe_named(std::string_view doc, const TextRule& name_rule) {
  Shape shape = Shape::of<NamedMatch>(doc);
  shape.field("type", &NamedMatch::type, "How the value is compared.")
      .one_of({"Exact", "RegularExpression"});
  shape.field("name", &NamedMatch::name, "Whose value is compared.").obeys(name_rule).required();
  shape
      .field("value", &NamedMatch::value,
             "What it must be. A regular expression (RE2) must match the whole value.")
      .required();
  shape.check(&check_named);
  return shape;
}

}  // namespace

void check_header_names(const std::vector<NamedMatch>& headers, const Complain& complain) {
  const auto name_of = [](const NamedMatch& named) { return lower_case(named.name); };
  check_each_once(headers, name_of, {"headers", "name", twice, "each name once"}, complain);
}

Shape describe(Of<PathMatch>) {
  Shape shape = Shape::of<PathMatch>("Which paths.");
  shape
      .field("type", &PathMatch::type,
             "Exact: this path. PathPrefix: it and what is below it, by whole segments. "
             "RegularExpression: RE2, must match the whole path.")
      .one_of({"Exact", "PathPrefix", "RegularExpression"});
  shape.field("value", &PathMatch::value, "What it is compared with.");
  shape.check(&check_path);
  return shape;
}

Shape describe(Of<NamedMatch>) {
  return describe_named("A query parameter and what it must be.", text_rules::any);
}

Shape describe_header_match() {
  return describe_named("A header and what it must be.", text_rules::header_name);
}

Shape describe(Of<HTTPRouteMatch>) {
  Shape shape = Shape::of<HTTPRouteMatch>("Which requests: all parts must match.");
  shape.field("path", &HTTPRouteMatch::path, "Which paths.");
  shape.field("headers", &HTTPRouteMatch::headers, "Headers that must be there.")
      .shaped(describe_header_match())
      .items(0, 16);
  shape.field("queryParams", &HTTPRouteMatch::query_params, "Query parameters that must be there.")
      .items(0, 16);
  shape.field("method", &HTTPRouteMatch::method, "The method. Left out: any.")
      .obeys(text_rules::http_method);
  shape.position(&HTTPRouteMatch::position);
  shape.check(&check_match);
  return shape;
}

Shape describe(Of<HTTPHeader>) {
  Shape shape = Shape::of<HTTPHeader>("A header.");
  shape.field("name", &HTTPHeader::name, "Its name.").obeys(text_rules::header_name).required();
  shape.field("value", &HTTPHeader::value, "Its value.").obeys(text_rules::header_value).required();
  return shape;
}

Shape describe(Of<HeaderModifier>) {
  Shape shape = Shape::of<HeaderModifier>("Changes headers: first set, then add, then remove.");
  shape.field("set", &HeaderModifier::set, "Replaced, or added where they are not.").items(0, 16);
  shape.field("add", &HeaderModifier::add, "Added to what is there.").items(0, 16);
  shape.field("remove", &HeaderModifier::remove, "Names of those taken out.")
      .obeys(text_rules::header_name)
      .items(0, 16);
  shape.check(&check_modifier);
  return shape;
}

Shape describe(Of<PathModifier>) {
  Shape shape = Shape::of<PathModifier>("Changes the path; the query stays.");
  shape.field("type", &PathModifier::type, "How much of the path is replaced.")
      .one_of({"ReplaceFullPath", "ReplacePrefixMatch"})
      .required();
  shape.field("replaceFullPath", &PathModifier::value, "Instead of the whole path.")
      .obeys(text_rules::absolute_path)
      .required()
      .only_for("type", {"ReplaceFullPath"});
  shape
      .field("replacePrefixMatch", &PathModifier::value,
             "Instead of the prefix that the rule's PathPrefix matched.")
      .obeys(text_rules::absolute_path)
      .required()
      .only_for("type", {"ReplacePrefixMatch"});
  return shape;
}

Shape describe(Of<URLRewrite>) {
  Shape shape = Shape::of<URLRewrite>("Changes host or path before the request goes on.");
  shape.field("hostname", &URLRewrite::hostname, "The new Host. Left out: unchanged.")
      .obeys(text_rules::dns_name);
  shape.field("path", &URLRewrite::path, "The new path. Left out: unchanged.");
  shape.check(&check_rewrite);
  return shape;
}

Shape describe(Of<RequestRedirect>) {
  Shape shape = Shape::of<RequestRedirect>("Answers with a redirect instead of going on.");
  shape.field("scheme", &RequestRedirect::scheme, "Of the new URL. Left out: unchanged.")
      .one_of({"http", "https"});
  shape.field("hostname", &RequestRedirect::hostname, "Of the new URL. Left out: unchanged.")
      .obeys(text_rules::dns_name);
  shape.field("path", &RequestRedirect::path, "Of the new URL. Left out: unchanged.");
  shape
      .field("port", &RequestRedirect::port,
             "Of the new URL. Left out: that of the scheme, else that of the listener.")
      .range(1, 65'535);
  shape.field("statusCode", &RequestRedirect::status_code, "The status of the answer.")
      .range(301, 308);
  shape.check<RequestRedirect>([](const RequestRedirect& redirect, const Complain& complain) {
    const std::uint16_t code = redirect.status_code;
    if (code <= 303 || code >= 307) return;
    complain("statusCode", std::to_string(code) + " is no redirect", "301, 302, 303, 307 or 308");
  });
  return shape;
}

Shape describe(Of<Fraction>) {
  Shape shape = Shape::of<Fraction>("A share of all: so many of so many.");
  shape.field("numerator", &Fraction::numerator, "How many of them.")
      .range(0, 1'000'000'000)
      .required();
  shape.field("denominator", &Fraction::denominator, "Of how many.").range(1, 1'000'000'000);
  shape.check<Fraction>([](const Fraction& fraction, const Complain& complain) {
    if (fraction.numerator <= fraction.denominator) return;
    complain("numerator", std::to_string(fraction.numerator) + " is more than all",
             "at most the denominator, " + std::to_string(fraction.denominator));
  });
  return shape;
}

Shape describe(Of<RequestMirror>) {
  Shape shape = Shape::of<RequestMirror>("Who gets copies, and of how many requests.");
  shape.field("backendRef", &RequestMirror::backend_ref, "The service that gets them.").required();
  shape.field("percent", &RequestMirror::percent, "Of so many percent. Left out: of all.")
      .range(0, 100);
  shape.field("fraction", &RequestMirror::fraction,
              "Instead of percent, where that is too coarse.");
  shape.check<RequestMirror>([](const RequestMirror& mirror, const Complain& complain) {
    if (!mirror.percent || !mirror.fraction) return;
    complain("fraction", "stands beside percent", "one of both");
  });
  return shape;
}

Shape describe_filter(RouteFilters allowed) {
  const bool has_url = allowed == RouteFilters::all;
  const bool has_mirror = has_url || allowed == RouteFilters::without_url;
  std::vector<std::string_view> types = {"RequestHeaderModifier", "ResponseHeaderModifier"};
  if (has_mirror) types.emplace_back("RequestMirror");
  if (has_url) types.insert(types.end(), {"URLRewrite", "RequestRedirect"});
  Shape shape = Shape::of<HTTPRouteFilter>("A change to requests or answers on their way.");
  shape.field("type", &HTTPRouteFilter::type, "Which change; its field is needed too.")
      .one_of(std::move(types))
      .required();
  shape
      .field("requestHeaderModifier", &HTTPRouteFilter::request_header_modifier,
             "Changes the request's headers.")
      .required()
      .only_for("type", {"RequestHeaderModifier"});
  shape
      .field("responseHeaderModifier", &HTTPRouteFilter::response_header_modifier,
             "Changes the answer's headers.")
      .required()
      .only_for("type", {"ResponseHeaderModifier"});
  shape.position(&HTTPRouteFilter::position);
  if (has_mirror) {
    shape
        .field("requestMirror", &HTTPRouteFilter::request_mirror,
               "Another service gets copies of requests; its answers are forgotten.")
        .required()
        .only_for("type", {"RequestMirror"});
  }
  if (!has_url) return shape;
  shape.field("urlRewrite", &HTTPRouteFilter::url_rewrite, "Changes host or path.")
      .required()
      .only_for("type", {"URLRewrite"});
  shape.field("requestRedirect", &HTTPRouteFilter::request_redirect, "Answers with a redirect.")
      .required()
      .only_for("type", {"RequestRedirect"});
  return shape;
}

Shape describe(Of<HTTPRouteFilter>) { return describe_filter(RouteFilters::all); }

}  // namespace skiff
