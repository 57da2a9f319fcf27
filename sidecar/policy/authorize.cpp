#include "sidecar/policy/authorize.h"

#include <algorithm>
#include <utility>

#include "base/lower_case.h"
#include "config/schema/spiffe_id.h"
#include "sidecar/policy/claim_condition.h"
#include "sidecar/policy/value_condition.h"

namespace skiff {
namespace {

using Action = AuthorizationPolicy::Action;
using Mode = AuthorizationPolicy::Mode;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// False: an escape is broken.
bool decode_escapes(std::string_view text, std::string& decoded) {
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return false;
    decoded += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

std::string_view without_last_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

std::string_view without_port(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon == authority.npos || authority.ends_with(']') ? authority
                                                             : authority.substr(0, colon);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// What is known of one question, found out once for all rules.
struct Facts {
  explicit Facts(const AuthorizationInput& input)
      : asked(input),
        id(parse_spiffe_id(input.identity)),
        is_bytes(input.request.version == Version::bytes) {
    const std::string_view path = input.request.path;
    path_known = !is_bytes && path.starts_with('/');
    if (path.find('%') == path.npos) {
      plain_path = without_last_slash(path);
    } else {
      path_known = path_known && decode_escapes(path, decoded_path);
      plain_path = without_last_slash(decoded_path);
    }
  }
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  const AuthorizationInput& asked;
  const std::optional<SpiffeId> id;
  const bool is_bytes;
  bool path_known = false;
  std::string decoded_path;
  std::string_view plain_path;  // Without escapes, and without a slash at its end.
};

// A path as a rule names it.
struct PathPattern {
  explicit PathPattern(std::string_view text) : with_below(text.ends_with("/*")) {
    if (with_below) text.remove_suffix(2);
    decode_escapes(text, path);
    if (path.ends_with('/')) path.pop_back();
  }

  bool holds(std::string_view asked) const {
    if (asked == path) return true;
    return with_below && asked.size() > path.size() && asked.starts_with(path) &&
           asked[path.size()] == '/';
  }
  bool is_everything() const { return with_below && path.empty(); }

  std::string path;  // As Facts::plain_path.
  bool with_below;
};

struct Operation {
  explicit Operation(const AuthorizationOperation& said)
      : methods(said.methods), paths(said.paths.begin(), said.paths.end()), ports(said.ports) {}

  // `unknown`: what a condition is where the request does not tell.
  bool holds(const Facts& facts, bool unknown) const {
    const auto is_port = [&](std::uint16_t port) { return port == facts.asked.port; };
    if (!ports.empty() && std::ranges::none_of(ports, is_port)) return false;
    return method_holds(facts, unknown) && path_holds(facts, unknown);
  }

  bool method_holds(const Facts& facts, bool unknown) const {
    if (methods.empty()) return true;
    if (facts.is_bytes) return unknown;
    const std::string_view asked = facts.asked.request.method_name;
    return std::ranges::find(methods, asked) != methods.end();
  }

  bool path_holds(const Facts& facts, bool unknown) const {
    if (paths.empty()) return true;
    if (facts.is_bytes) return unknown;
    if (std::ranges::any_of(paths, &PathPattern::is_everything)) return true;
    if (!facts.path_known) return unknown;
    return std::ranges::any_of(
        paths, [&](const PathPattern& path) { return path.holds(facts.plain_path); });
  }

  std::vector<std::string> methods;
  std::vector<PathPattern> paths;
  std::vector<std::uint16_t> ports;
};

struct Source {
  bool holds(const Facts& facts, std::string_view trust_domain, bool unknown) const {
    return identity_holds(facts, unknown) && namespace_holds(facts, trust_domain, unknown);
  }

  bool identity_holds(const Facts& facts, bool unknown) const {
    if (said.identities.empty()) return true;
    const std::string_view asked = facts.asked.identity;
    const auto is_anyone = [](const std::string& each) { return each == "*"; };
    if (asked.empty() && std::ranges::all_of(said.identities, is_anyone)) return false;
    if (!facts.id) return unknown;
    return std::ranges::any_of(said.identities, [asked](std::string_view each) {
      if (!each.ends_with('*')) return asked == each;
      return asked.starts_with(each.substr(0, each.size() - 1));
    });
  }

  bool namespace_holds(const Facts& facts, std::string_view trust_domain, bool unknown) const {
    if (said.namespaces.empty()) return true;
    if (!facts.id) return unknown;
    const std::string_view ns = namespace_of_path(facts.id->path);
    if (ns.empty() || facts.id->trust_domain != trust_domain) return false;
    return std::ranges::find(said.namespaces, ns) != said.namespaces.end();
  }

  AuthorizationSource said;
};

class HeaderCondition final {
 public:
  explicit HeaderCondition(const AuthorizationHeader& said)
      : present_(said.present),
        id_(field_id(said.name)),
        name_(lower_case(said.name)),
        value_(said.exact && id_ == FieldId::host ? lower_case(*said.exact) : said.exact,
               said.regex) {}

  bool holds(const Facts& facts, Action action) const {
    const bool unknown = action == Action::deny;
    if (facts.is_bytes) return unknown;
    const Request& request = facts.asked.request;
    if (id_ == FieldId::host) return authority_holds(request.authority, unknown);

    const auto is_it = [this](const Field& field) {
      return field.id == id_ &&
             (id_ != FieldId::other || equals_ignoring_case(field.name(), name_));
    };
    const Field* first = std::find_if(request.headers.begin(), request.headers.end(), is_it);
    const bool is_there = first != request.headers.end();
    if (present_) return *present_ == is_there;
    if (!is_there) return false;
    if (action == Action::allow) {
      return std::all_of(first, request.headers.end(), [&](const Field& field) {
        return !is_it(field) || value_.holds(field.value(), unknown);
      });
    }
    return std::any_of(first, request.headers.end(),
                       [&](const Field& field) {
                         return is_it(field) && any_item_matches(field.value(), unknown);
                       }) ||
           joined_matches(first, request.headers.end(), is_it, unknown);
  }

 private:
  // The line, or what stands between its commas.
  bool any_item_matches(std::string_view line, bool unknown) const {
    if (value_.holds(line, unknown)) return true;
    if (line.find(',') == line.npos) return false;
    for (std::size_t comma = 0; comma != line.npos;) {
      comma = line.find(',');
      if (value_.holds(trimmed(line.substr(0, comma)), unknown)) return true;
      if (comma != line.npos) line.remove_prefix(comma + 1);
    }
    return false;
  }

  template <typename IsIt>
  bool joined_matches(const Field* first, const Field* end, IsIt is_it, bool unknown) const {
    if (std::find_if(first + 1, end, is_it) == end) return false;
    for (const std::string_view separator : {",", ", "}) {
      std::string joined(first->value());
      for (const Field* field = first + 1; field != end; ++field)
        if (is_it(*field)) joined.append(separator).append(field->value());
      if (value_.holds(joined, unknown)) return true;
    }
    return false;
  }

  // A host is the same in any case, and with a port or without.
  bool authority_holds(std::string_view authority, bool unknown) const {
    if (present_) return *present_ == !authority.empty();
    std::string lower;
    if (std::ranges::any_of(authority, is_upper)) {
      lower = lower_case(authority);
      authority = lower;
    }
    return value_.holds(authority, unknown) || value_.holds(without_port(authority), unknown);
  }

  const std::optional<bool> present_;
  const FieldId id_;
  const std::string name_;
  const ValueCondition value_;
};

struct Rule {
  Rule(const AuthorizationRule& said, Action its_action)
      : action(its_action), to(said.to.begin(), said.to.end()) {
    for (const AuthorizationSource& source : said.from) from.push_back({source});
    for (const AuthorizationHeader& header : said.headers)
      headers.push_back(std::make_unique<const HeaderCondition>(header));
    for (const AuthorizationClaim& claim : said.claims)
      claims.push_back(std::make_unique<const ClaimCondition>(claim));
  }

  bool holds(const Facts& facts, std::string_view trust_domain) const {
    const bool unknown = action == Action::deny;
    const auto from_holds = [&](const Source& source) {
      return source.holds(facts, trust_domain, unknown);
    };
    const auto to_holds = [&](const Operation& operation) {
      return operation.holds(facts, unknown);
    };
    return (from.empty() || std::ranges::any_of(from, from_holds)) &&
           (to.empty() || std::ranges::any_of(to, to_holds)) &&
           std::ranges::all_of(headers,
                               [&](const auto& header) { return header->holds(facts, action); }) &&
           (claims.empty() || claims_hold(facts.asked));
  }

  bool claims_hold(const AuthorizationInput& asked) const {
    if (asked.token_comes_later) return action == Action::allow;
    return std::ranges::all_of(claims, [&](const auto& claim) {
      return claim->holds(asked.claims, action == Action::deny);
    });
  }

  Action action;
  std::vector<Source> from;
  std::vector<Operation> to;
  std::vector<std::unique_ptr<const HeaderCondition>> headers;
  std::vector<std::unique_ptr<const ClaimCondition>> claims;
  bool is_shadow = false;
  std::uint32_t reason = 0;  // Index.
};

constexpr std::uint32_t no_allow = 0;  // Index of the reason that stands for no rule.

}  // namespace

struct Authorizer::Compiled {
  AuthorizationDecision decide(const Facts& facts, bool with_shadows) const {
    bool has_allow = false;
    const Rule* allowed_by = nullptr;
    for (const Rule& rule : rules) {
      if (rule.is_shadow && !with_shadows) continue;
      if (rule.action == Action::allow) has_allow = true;
      if (rule.action == Action::allow && allowed_by != nullptr) continue;
      if (!rule.holds(facts, trust_domain)) continue;
      if (rule.action == Action::deny) return {false, &reasons[rule.reason]};
      allowed_by = &rule;
    }
    if (allowed_by != nullptr) return {true, &reasons[allowed_by->reason]};
    if (has_allow) return {false, &reasons[no_allow]};
    return {true, nullptr};
  }

  std::string trust_domain;
  std::vector<Rule> rules;  // Those of DENY first.
  std::vector<AuthorizationReason> reasons;
  bool has_shadows = false;
  bool has_claims = false;
};

Authorizer::Authorizer(const std::vector<AuthorizationPolicy>& policies,
                       std::string_view trust_domain) {
  auto compiled = std::make_unique<Compiled>();
  compiled->trust_domain = trust_domain;
  compiled->reasons.push_back({no_allow, {}, {}, "no-allow"});
  for (const Action action : {Action::deny, Action::allow}) {
    for (const AuthorizationPolicy& policy : policies) {
      if (policy.action != action) continue;
      const std::string name = policy.metadata.ns + "/" + policy.metadata.name;
      const bool is_shadow = policy.mode == Mode::shadow;
      compiled->has_shadows = compiled->has_shadows || is_shadow;
      for (const AuthorizationRule& said : policy.rules) {
        Rule& rule = compiled->rules.emplace_back(said, action);
        compiled->has_claims = compiled->has_claims || !said.claims.empty();
        rule.is_shadow = is_shadow;
        rule.reason = static_cast<std::uint32_t>(compiled->reasons.size());
        compiled->reasons.push_back({rule.reason, name, said.name, name + "/" + said.name});
      }
    }
  }
  compiled_ = std::move(compiled);
}

Authorizer::~Authorizer() = default;

Verdict Authorizer::decide(const AuthorizationInput& input) const {
  const Facts facts(input);
  const AuthorizationDecision enforced = compiled_->decide(facts, false);
  return {enforced, compiled_->has_shadows ? compiled_->decide(facts, true) : enforced};
}

std::span<const AuthorizationReason> Authorizer::reasons() const { return compiled_->reasons; }
bool Authorizer::has_shadows() const { return compiled_->has_shadows; }
bool Authorizer::has_claims() const { return compiled_->has_claims; }

Authorize::Authorize(std::shared_ptr<const Authorizer> authorizer, std::uint16_t port,
                     AuthorizationCounts& counts, Forwarder& inner, Tokens tokens)
    : authorizer_(std::move(authorizer)),
      port_(port),
      counts_(counts),
      inner_(inner),
      tokens_(tokens) {}

void Authorize::configure(std::shared_ptr<const Authorizer> authorizer) {
  authorizer_ = std::move(authorizer);
}

// What shadows make of a request whose token will never be looked at: nothing where it depends on
// the token.
AuthorizationDecision Authorize::without_token(AuthorizationInput asked) const {
  asked.token_comes_later = false;
  const AuthorizationDecision shadow = authorizer_->decide(asked).shadow;
  return shadow.allowed ? shadow : AuthorizationDecision{};
}

void Authorize::forward(Exchange& exchange, Reply& reply) {
  AuthorizationInput asked{exchange.client_identity, port_, exchange.request};
  asked.token_comes_later = tokens_ == Tokens::later;
  if (tokens_ == Tokens::verified) asked.claims = exchange.claims;
  auto [enforced, shadow] = authorizer_->decide(asked);
  if (asked.token_comes_later) {
    if (enforced.allowed) return inner_.forward(exchange, reply);
    if (shadow.allowed) shadow = without_token(asked);
  }
  if (enforced.reason != nullptr) {
    // Copied, as the rules may change before the exchange is over.
    exchange.marks.policy = exchange.arena.copy(enforced.reason->name);
    counts_.count(*authorizer_, enforced, Mode::enforce);
  }
  if (authorizer_->has_shadows() && shadow.reason != nullptr) {
    counts_.count(*authorizer_, shadow, Mode::shadow);
  }
  if (enforced.allowed) return inner_.forward(exchange, reply);

  Error error{.kind = ErrorKind::denied, .unprocessed = true};
  if (!exchange.client_identity.empty()) error.policy = exchange.marks.policy;
  reply.failed(exchange, error);
}

}  // namespace skiff
