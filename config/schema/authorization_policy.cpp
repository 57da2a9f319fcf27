#include "config/schema/authorization_policy.h"

#include "config/schema/each_once.h"
#include "config/schema/resource_shape.h"

namespace skiff {
namespace {

// An empty item would hold always, which is seldom what was meant.
void check_source(const AuthorizationSource& source, const Complain& complain) {
  if (!source.identities.empty() || !source.namespaces.empty()) return;
  complain("", "names nobody", "identities, namespaces or both");
}

void check_operation(const AuthorizationOperation& operation, const Complain& complain) {
  if (!operation.methods.empty() || !operation.paths.empty() || !operation.ports.empty()) return;
  complain("", "names nothing", "methods, paths or ports");
}

// Of a header or a claim.
template <typename Condition>
void check_condition(const Condition& condition, const Complain& complain) {
  const int said = int{condition.exact.has_value()} + int{condition.regex.has_value()} +
                   int{condition.present.has_value()};
  if (said == 1) return;
  complain("", said == 0 ? "does not say what it must be" : "says it in several ways",
           "one of exact, regex and present");
}

void check_rule_names(const AuthorizationPolicy& policy, const Complain& complain) {
  check_each_once(policy.rules, &AuthorizationRule::name,
                  {"rules", "name", "is the name of another rule too", "each name once"}, complain);
}

Shape describe_spec() {
  Shape shape = Shape::of<AuthorizationPolicy>("Who may ask a service for what.");
  shape
      .field("targetRefs", &AuthorizationPolicy::target_refs,
             "For which services. Left out: all of the namespace.")
      .shaped(describe_service_target_ref())
      .items(0, 16);
  shape
      .field("action", &AuthorizationPolicy::action,
             "DENY: what matches a rule is refused. ALLOW: what matches a rule is let through, and "
             "what matches no ALLOW of any policy is refused. DENY wins.")
      .one_of({"ALLOW", "DENY"})
      .required();
  shape
      .field("mode", &AuthorizationPolicy::mode,
             "shadow: only count and log what it would have done.")
      .one_of({"enforce", "shadow"});
  shape.field("rules", &AuthorizationPolicy::rules, "What matches: any of these.")
      .items(1, 64)
      .required();
  shape.check(&check_rule_names);
  return shape;
}

}  // namespace

Shape describe(Of<AuthorizationSource>) {
  Shape shape = Shape::of<AuthorizationSource>("Who asks: all that is named must hold.");
  shape
      .field("identities", &AuthorizationSource::identities,
             "What the caller proved to be, any of these: a SPIFFE ID, the beginning of one and *, "
             "or * for whoever proved one.")
      .obeys(text_rules::identity_pattern)
      .items(0, 256);
  shape
      .field("namespaces", &AuthorizationSource::namespaces,
             "The namespace of what the caller proved to be, in this sidecar's trust domain; any "
             "of these.")
      .obeys(text_rules::dns_label)
      .items(0, 256);
  shape.check(&check_source);
  return shape;
}

Shape describe(Of<AuthorizationOperation>) {
  Shape shape =
      Shape::of<AuthorizationOperation>("What is asked for: all that is named must hold.");
  shape
      .field("methods", &AuthorizationOperation::methods,
             "Any of these methods. GET is not HEAD; gRPC is POST.")
      .obeys(text_rules::http_method_token)
      .items(0, 64);
  shape
      .field("paths", &AuthorizationOperation::paths,
             "Any of these paths, compared in their canonical form and without the query; a slash "
             "at the end makes no difference. /orders/*: /orders and all below it.")
      .obeys(text_rules::path_pattern)
      .items(0, 256);
  shape.field("ports", &AuthorizationOperation::ports, "Any of these ports of the service.")
      .range(1, 65'535)
      .items(0, 64);
  shape.check(&check_operation);
  return shape;
}

Shape describe(Of<AuthorizationHeader>) {
  Shape shape = Shape::of<AuthorizationHeader>(
      "A header, and one of exact, regex and present. Where it stands several times, ALLOW needs "
      "all values to match, DENY any.");
  shape.field("name", &AuthorizationHeader::name, "Its name, in any case.")
      .obeys(text_rules::header_name)
      .required();
  shape.field("exact", &AuthorizationHeader::exact, "The whole value.")
      .obeys(text_rules::header_value);
  shape.field("regex", &AuthorizationHeader::regex, "RE2, of the whole value.")
      .obeys(text_rules::regex);
  shape.field("present", &AuthorizationHeader::present,
              "true: it is there, whatever its value. false: it is not.");
  shape.check(&check_condition<AuthorizationHeader>);
  return shape;
}

Shape describe(Of<AuthorizationClaim>) {
  Shape shape = Shape::of<AuthorizationClaim>(
      "A claim of the caller's token, and one of exact, regex and present. A JWTPolicy must verify "
      "the tokens of all services that the policy is for.");
  shape
      .field("name", &AuthorizationClaim::name,
             "The claim's name, such as sub; with a / first, the way to it by JSON Pointer (RFC "
             "6901), such as /realm/tenant.")
      .obeys(text_rules::claim)
      .required();
  shape.field("exact", &AuthorizationClaim::exact,
              "The whole value: a text, a number or a boolean, as JSON writes it; of a list, any "
              "item.");
  shape.field("regex", &AuthorizationClaim::regex, "RE2, of the whole value; of a list, any item.")
      .obeys(text_rules::regex);
  shape.field("present", &AuthorizationClaim::present,
              "true: the token has it, whatever its value. false: it has not.");
  shape.position(&AuthorizationClaim::position);
  shape.check(&check_condition<AuthorizationClaim>);
  return shape;
}

Shape describe(Of<AuthorizationRule>) {
  Shape shape = Shape::of<AuthorizationRule>(
      "Matches when any of from, any of to, all of headers and all of claims do; what is left out "
      "holds always.");
  shape.field("name", &AuthorizationRule::name, "What answers, metrics and the log call it.")
      .obeys(text_rules::dns_label)
      .required();
  shape
      .field("from", &AuthorizationRule::from, "Who asks. Left out: anyone, also without identity.")
      .items(1, 64);
  shape.field("to", &AuthorizationRule::to, "What is asked for. Left out: everything.")
      .items(1, 64);
  shape.field("headers", &AuthorizationRule::headers, "What the request must say besides.")
      .items(1, 16);
  shape
      .field(
          "claims", &AuthorizationRule::claims,
          "What the caller's token must say. Without a token no ALLOW by claim matches, and each "
          "DENY does.")
      .items(1, 16);
  shape.position(&AuthorizationRule::position);
  return shape;
}

Shape describe(Of<AuthorizationPolicy>) {
  return describe_resource<AuthorizationPolicy>("AuthorizationPolicy", {"skiff.dev/v1"},
                                                "Who may ask a service for what.", describe_spec());
}

}  // namespace skiff
