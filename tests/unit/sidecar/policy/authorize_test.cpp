#include "sidecar/policy/authorize.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "sidecar/http/path.h"
#include "tests/support/authorization_cases.h"
#include "tests/support/made_request.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using test::AuthorizationCase;
using testing::MadeRequest;
using Action = AuthorizationPolicy::Action;
using Mode = AuthorizationPolicy::Mode;
using Policies = std::vector<AuthorizationPolicy>;

constexpr const char* trust_domain = "d";

// ---- The table of cases

// As the codec would have read it; false: it would not.
bool make_request(const AuthorizationCase& from, Arena& arena, Request& request) {
  request.method_name = from.method;
  request.authority = "bank.example.com";
  if (from.method == "BYTES") {
    request.version = Version::bytes;
    return true;
  }
  request.target = request.path = from.target;
  if (from.target != "*") {
    const auto canonical = canonical_target(from.target, arena);
    if (!canonical) return false;
    request.target = canonical->target;
    request.path = canonical->path;
    request.query = canonical->query;
  }
  for (const auto& [name, value] : from.headers) {
    if (name == "host") request.authority = value;
    if (name != "host") request.headers.add(arena, name, value);
  }
  return true;
}

// As a JWTPolicy gives them.
std::vector<TokenClaim> claims_of(const AuthorizationCase& from) {
  using Form = TokenClaim::Form;
  std::vector<TokenClaim> claims;
  for (const auto& [name, value] : from.claims) {
    std::string_view rest = value;
    if (!rest.starts_with('[')) {
      claims.push_back({name, value, value == "{}" ? Form::other : Form::text});
      continue;
    }
    claims.push_back({name, "", Form::list});
    rest.remove_prefix(1);
    while (rest.size() > 1) {
      const std::string_view item = rest.substr(0, rest.find_first_of(",]"));
      claims.push_back({name, item, Form::item});
      rest.remove_prefix(item.size() + 1);
    }
  }
  return claims;
}

std::string verdict_of(const AuthorizationDecision& decision) {
  return decision.allowed ? "allow" : "deny";
}

std::string rule_of(const AuthorizationDecision& decision) {
  if (decision.reason == nullptr) return "-";
  const std::string& name = decision.reason->name;
  return name.starts_with("bank/") ? name.substr(5) : name;
}

class AuthorizationCases : public ::testing::TestWithParam<AuthorizationCase> {};

TEST_P(AuthorizationCases, AreDecidedAsTheTableSays) {
  const AuthorizationCase& asked = GetParam();
  Arena arena;
  Request request;
  const bool is_read = make_request(asked, arena, request);
  EXPECT_EQ(!is_read, asked.verdict == "refused");
  if (!is_read) return;

  const Authorizer authorizer(asked.policies, trust_domain);
  const std::vector<TokenClaim> all = claims_of(asked);
  const TokenClaims claims{"issuer", all};
  AuthorizationInput input{asked.identity, asked.port, request};
  if (asked.has_token) input.claims = &claims;
  const Verdict verdict = authorizer.decide(input);
  EXPECT_EQ(verdict_of(verdict.enforced), asked.verdict);
  EXPECT_EQ(rule_of(verdict.enforced), asked.rule);
  EXPECT_EQ(verdict_of(verdict.shadow), asked.shadow_verdict);
  EXPECT_EQ(rule_of(verdict.shadow), asked.shadow_rule);
}

INSTANTIATE_TEST_SUITE_P(Table, AuthorizationCases,
                         ::testing::ValuesIn(test::read_authorization_cases()),
                         [](const auto& of) { return "line" + std::to_string(of.param.line); });

TEST(Authorizer, AnExpressionThatRe2DoesNotTakeIsNeverInTheCallersFavour) {
  AuthorizationPolicy policy;
  policy.rules.emplace_back().name = "r";
  policy.rules[0].headers.push_back({"x", {}, "(", {}});
  const MadeRequest request("/", {{"x", "("}});
  EXPECT_FALSE(Authorizer({policy}, trust_domain).decide({"", 80, request}).enforced.allowed);
  policy.action = Action::deny;
  EXPECT_FALSE(Authorizer({policy}, trust_domain).decide({"", 80, request}).enforced.allowed);
}

// ---- Properties (I14), of policies and requests by chance

template <typename T, std::size_t size>
const T& one_of(const std::array<T, size>& all, Random& random) {
  return all[random.below(size)];
}

const std::array<std::string, 5> identities = {"", "spiffe://d/ns/a/sa/x", "spiffe://d/ns/b/sa/x",
                                               "spiffe://e/ns/a/sa/x", "no identity"};
const std::array<std::string, 4> patterns = {"*", "spiffe://d/ns/a/sa/x", "spiffe://d/*",
                                             "spiffe://e/ns/a/sa/x"};
const std::array<std::string, 6> targets = {"/", "/a", "/a/b", "/%61", "/a/../b", "/b//c"};
const std::array<std::string, 4> paths = {"/*", "/a", "/a/*", "/b"};
const std::array<std::string, 3> methods = {"GET", "POST", "DELETE"};
const std::array<std::string, 4> values = {"1", "2", "1,2", "\xff"};

AuthorizationHeader some_header(Random& random) {
  AuthorizationHeader header{"x", {}, {}, {}};
  switch (random.below(3)) {
    case 0:
      header.exact = one_of(values, random);
      break;
    case 1:
      header.regex = "[0-9]";
      break;
    default:
      header.present = random.below(2) == 0;
  }
  return header;
}

AuthorizationClaim some_claim(Random& random) {
  AuthorizationClaim claim{"c", {}, {}, {}, {}};
  switch (random.below(3)) {
    case 0:
      claim.exact = one_of(values, random);
      break;
    case 1:
      claim.regex = "[0-9]";
      break;
    default:
      claim.present = random.below(2) == 0;
  }
  return claim;
}

AuthorizationRule some_rule(std::string name, Random& random) {
  AuthorizationRule rule;
  rule.name = std::move(name);
  if (random.below(2) == 0) rule.from.push_back({{one_of(patterns, random)}, {}});
  if (random.below(4) == 0) rule.from.push_back({{}, {"a"}});
  if (random.below(2) == 0) rule.to.push_back({{}, {one_of(paths, random)}, {}});
  if (random.below(4) == 0) rule.to.push_back({{one_of(methods, random)}, {}, {80}});
  if (random.below(3) == 0) rule.headers.push_back(some_header(random));
  if (random.below(3) == 0) rule.claims.push_back(some_claim(random));
  return rule;
}

AuthorizationPolicy some_policy(Random& random) {
  AuthorizationPolicy policy;
  policy.metadata.name = "p" + std::to_string(random.below(1'000));
  policy.action = random.below(2) == 0 ? Action::allow : Action::deny;
  policy.mode = random.below(4) == 0 ? Mode::shadow : Mode::enforce;
  for (std::uint64_t i = 0; i <= random.below(3); ++i) {
    policy.rules.push_back(some_rule("r" + std::to_string(i), random));
  }
  return policy;
}

Policies some_policies(Random& random) {
  Policies policies;
  for (std::uint64_t i = random.below(5); i > 0; --i) policies.push_back(some_policy(random));
  return policies;
}

struct Question {
  explicit Question(Random& random)
      : identity(one_of(identities, random)), port(random.below(2) == 0 ? 80 : 81) {
    request.method_name = one_of(methods, random);
    if (random.below(6) == 0) request.version = Version::bytes;
    request.path = canonical_target(one_of(targets, random), arena)->path;
    for (std::uint64_t i = random.below(3); i > 0; --i) {
      request.headers.add(arena, "x", one_of(values, random));
    }
    take_token(random);
  }

  // None, or one by chance; bytes have none.
  void take_token(Random& random) {
    using Form = TokenClaim::Form;
    has_token = request.version != Version::bytes && random.below(2) == 0;
    claims.clear();
    const std::array<Form, 3> forms = {Form::text, Form::list, Form::other};
    if (random.below(4) == 0) return;
    claims.push_back({"c", "", one_of(forms, random)});
    if (claims[0].form == Form::text) claims[0].value = one_of(values, random);
    if (claims[0].form != Form::list) return;
    for (std::uint64_t i = random.below(3); i > 0; --i)
      claims.push_back({"c", one_of(values, random), Form::item});
  }

  Verdict ask(const Policies& policies) const {
    const TokenClaims said{"issuer", claims};
    return Authorizer(policies, trust_domain)
        .decide({identity, port, request, has_token ? &said : nullptr});
  }
  // Before the token is looked at.
  Verdict ask_early(const Policies& policies) const {
    return Authorizer(policies, trust_domain).decide({identity, port, request, nullptr, true});
  }
  bool allowed(const Policies& policies) const { return ask(policies).enforced.allowed; }

  Arena arena;
  std::string identity;
  std::uint16_t port;
  Request request;
  bool has_token = false;
  std::vector<TokenClaim> claims;
};

bool is_enforced_allow(const AuthorizationPolicy& policy) {
  return policy.action == Action::allow && policy.mode == Mode::enforce;
}

constexpr int rounds = 20'000;

TEST(Authorizer, AddingADenyNeverAllowsMore) {
  Random random(1);
  for (int i = 0; i < rounds; ++i) {
    Policies policies = some_policies(random);
    const Question question(random);
    const bool before = question.allowed(policies);
    AuthorizationPolicy added = some_policy(random);
    added.action = Action::deny;
    policies.insert(
        policies.begin() + static_cast<std::ptrdiff_t>(random.below(policies.size() + 1)), added);
    EXPECT_FALSE(!before && question.allowed(policies)) << "round " << i;
  }
}

// The last one is another matter: without any ALLOW all is let through that no DENY refuses.
TEST(Authorizer, TakingAnAllowAwayNeverAllowsMoreWhileAnotherStays) {
  Random random(2);
  int compared = 0;
  for (int i = 0; i < rounds; ++i) {
    Policies policies = some_policies(random);
    const Question question(random);
    const bool before = question.allowed(policies);
    const auto first = std::ranges::find_if(policies, is_enforced_allow);
    if (first == policies.end()) continue;
    policies.erase(first);
    if (std::ranges::none_of(policies, is_enforced_allow)) continue;
    ++compared;
    EXPECT_FALSE(!before && question.allowed(policies)) << "round " << i;
  }
  EXPECT_GT(compared, rounds / 10);
}

TEST(Authorizer, WithoutAnAllowAllPassesThatNoDenyRefuses) {
  Random random(3);
  for (int i = 0; i < rounds; ++i) {
    Policies policies = some_policies(random);
    std::erase_if(policies, is_enforced_allow);
    const Question question(random);
    const AuthorizationDecision decision = question.ask(policies).enforced;
    EXPECT_EQ(decision.allowed, decision.reason == nullptr) << "round " << i;
  }
}

TEST(Authorizer, DoesNotDependOnTheOrderOfPolicies) {
  Random random(4);
  for (int i = 0; i < rounds; ++i) {
    Policies policies = some_policies(random);
    const Question question(random);
    const Verdict before = question.ask(policies);
    std::ranges::reverse(policies);
    const Verdict after = question.ask(policies);
    EXPECT_EQ(before.enforced.allowed, after.enforced.allowed) << "round " << i;
    EXPECT_EQ(before.shadow.allowed, after.shadow.allowed) << "round " << i;
  }
}

TEST(Authorizer, AShadowChangesNothingAndSaysWhatItWouldEnforced) {
  Random random(5);
  for (int i = 0; i < rounds; ++i) {
    const Policies policies = some_policies(random);
    Policies without = policies;
    std::erase_if(without, [](const auto& policy) { return policy.mode == Mode::shadow; });
    Policies all = policies;
    for (AuthorizationPolicy& policy : all) policy.mode = Mode::enforce;
    const Question question(random);
    const Verdict verdict = question.ask(policies);
    EXPECT_EQ(verdict.enforced.allowed, question.allowed(without)) << "round " << i;
    EXPECT_EQ(verdict.shadow.allowed, question.allowed(all)) << "round " << i;
  }
}

TEST(Authorizer, OneWithoutIdentityIsNeverBetterOffThanOneWithIt) {
  Random random(6);
  for (int i = 0; i < rounds; ++i) {
    Policies policies = some_policies(random);
    const auto says_anyone = [](const AuthorizationPolicy& policy) {
      return std::ranges::any_of(policy.rules, [](const AuthorizationRule& rule) {
        return !rule.from.empty() && rule.from[0].identities == std::vector<std::string>{"*"};
      });
    };
    std::erase_if(policies, says_anyone);  // Of which it is known that nobody is anyone.
    Question question(random);
    const bool with = question.allowed(policies);
    question.identity.clear();
    EXPECT_FALSE(question.allowed(policies) && !with) << "round " << i;
  }
}

TEST(Authorizer, OneWithoutATokenIsNeverBetterOffThanOneWithAny) {
  Random random(7);
  int compared = 0;
  for (int i = 0; i < rounds; ++i) {
    const Policies policies = some_policies(random);
    Question question(random);
    if (!question.has_token) continue;
    const bool with = question.allowed(policies);
    question.has_token = false;
    EXPECT_FALSE(question.allowed(policies) && !with) << "round " << i;
    ++compared;
  }
  EXPECT_GT(compared, rounds / 4);
}

TEST(Authorizer, WhoIsRefusedBeforeTheTokenIsLookedAtIsRefusedWithAny) {
  Random random(8);
  int refused = 0;
  for (int i = 0; i < rounds; ++i) {
    const Policies policies = some_policies(random);
    const Question question(random);
    const Verdict early = question.ask_early(policies);
    const Verdict late = question.ask(policies);
    EXPECT_FALSE(!early.enforced.allowed && late.enforced.allowed) << "round " << i;
    EXPECT_FALSE(!early.shadow.allowed && late.shadow.allowed) << "round " << i;
    refused += early.enforced.allowed ? 0 : 1;
  }
  EXPECT_GT(refused, rounds / 10);
}

TEST(Authorizer, WithoutRulesByClaimTheTokenChangesNothing) {
  Random random(9);
  for (int i = 0; i < rounds; ++i) {
    Policies policies = some_policies(random);
    for (AuthorizationPolicy& policy : policies)
      for (AuthorizationRule& rule : policy.rules) rule.claims.clear();
    EXPECT_FALSE(Authorizer(policies, trust_domain).has_claims());
    const Question question(random);
    const Verdict early = question.ask_early(policies);
    const Verdict late = question.ask(policies);
    EXPECT_EQ(early.enforced.allowed, late.enforced.allowed) << "round " << i;
    EXPECT_EQ(early.shadow.allowed, late.shadow.allowed) << "round " << i;
  }
}

TEST(Authorizer, KnowsThatARuleIsByClaimAlsoInAShadow) {
  AuthorizationPolicy policy;
  policy.mode = Mode::shadow;
  policy.rules.emplace_back().claims.push_back({"sub", "ann", {}, {}, {}});
  EXPECT_TRUE(Authorizer({policy}, trust_domain).has_claims());
}

// ---- The stage

class Answering final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    Response response;
    response.status = 200;
    reply.answered(exchange, response);
  }
};

class Counts final : public AuthorizationCounts {
 public:
  void count(const Authorizer&, const AuthorizationDecision& decision, Mode mode) override {
    seen.push_back(std::string(mode == Mode::shadow ? "shadow " : "enforce ") +
                   (decision.allowed ? "allow " : "deny ") + decision.reason->name);
  }
  std::vector<std::string> seen;
};

AuthorizationPolicy policy_for(Action action, Mode mode, std::string path) {
  AuthorizationPolicy policy;
  policy.metadata.name = action == Action::deny ? "deny" : "allow";
  policy.action = action;
  policy.mode = mode;
  policy.rules.emplace_back().name = "r";
  policy.rules[0].to.push_back({{}, {std::move(path)}, {}});
  return policy;
}

class AuthorizeTest : public ::testing::Test {
 protected:
  void send(Policies policies, std::string_view path, std::string_view identity) {
    stage.configure(std::make_shared<const Authorizer>(policies, trust_domain));
    exchange.request.path = path;
    exchange.client_identity = identity;
    stage.forward(exchange, reply);
  }

  Answering inner;
  Counts counts;
  Authorize stage{nullptr, 80, counts, inner};
  Exchange exchange;
  RecordingReply reply;
};

TEST_F(AuthorizeTest, LetsThroughWhatNoPolicySpeaksOf) {
  send({}, "/", "");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(exchange.marks.policy, "");
  EXPECT_TRUE(counts.seen.empty());
}

TEST_F(AuthorizeTest, LetsThroughWhatIsAllowedAndMarksTheRule) {
  send({policy_for(Action::allow, Mode::enforce, "/a")}, "/a", "");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(exchange.marks.policy, "default/allow/r");
  EXPECT_EQ(counts.seen, std::vector<std::string>{"enforce allow default/allow/r"});
}

TEST_F(AuthorizeTest, TellsTheRuleOnlyToACallerWithAnIdentity) {
  send({policy_for(Action::deny, Mode::enforce, "/a")}, "/a", "");
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::denied);
  EXPECT_TRUE(reply.errors[0].unprocessed);
  EXPECT_EQ(reply.errors[0].policy, "");
  EXPECT_EQ(exchange.marks.policy, "default/deny/r") << "for the log";

  send({policy_for(Action::deny, Mode::enforce, "/a")}, "/a", "spiffe://d/ns/a/sa/x");
  ASSERT_EQ(reply.errors.size(), 2u);
  EXPECT_EQ(reply.errors[1].policy, "default/deny/r");
}

TEST_F(AuthorizeTest, CountsWhatAShadowWouldHaveDone) {
  send({policy_for(Action::allow, Mode::enforce, "/*"),
        policy_for(Action::deny, Mode::shadow, "/a")},
       "/a", "");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(counts.seen, (std::vector<std::string>{"enforce allow default/allow/r",
                                                   "shadow deny default/deny/r"}));
}

// The stages before and after the token is looked at.
class ByClaimTest : public ::testing::Test {
 protected:
  // What becomes of a request with a token that says this `role`.
  void send(const Policies& policies, std::string_view path, std::string_view role) {
    const auto ready = std::make_shared<const Authorizer>(policies, trust_domain);
    before.configure(ready);
    after.configure(ready);
    exchange.request.path = path;
    const std::vector<TokenClaim> all = {{"role", role}};
    const TokenClaims claims{"issuer", all};
    gate.claims = &claims;
    counts.seen.clear();
    before.forward(exchange, reply);
  }

  // Where a JWTPolicy verifies tokens.
  class Gate final : public Forwarder {
   public:
    explicit Gate(Forwarder& inner) : inner_(inner) {}
    void forward(Exchange& exchange, Reply& reply) override {
      ++asked;
      exchange.claims = claims;
      inner_.forward(exchange, reply);
    }
    const TokenClaims* claims = nullptr;
    int asked = 0;

   private:
    Forwarder& inner_;
  };

  Answering inner;
  Counts counts;
  Authorize after{nullptr, 80, counts, inner, Authorize::Tokens::verified};
  Gate gate{after};
  Authorize before{nullptr, 80, counts, gate, Authorize::Tokens::later};
  Exchange exchange;
  RecordingReply reply;
};

AuthorizationPolicy policy_by_role(Action action, Mode mode, std::string path, std::string role) {
  AuthorizationPolicy policy = policy_for(action, mode, std::move(path));
  policy.rules[0].claims.push_back({"role", std::move(role), {}, {}, {}});
  return policy;
}

TEST_F(ByClaimTest, DecidesByWhatTheTokenSaysAndCountsItOnce) {
  const Policies policies = {policy_by_role(Action::allow, Mode::enforce, "/a", "admin")};
  send(policies, "/a", "admin");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(exchange.marks.policy, "default/allow/r");
  EXPECT_EQ(counts.seen, std::vector<std::string>{"enforce allow default/allow/r"});
  send(policies, "/a", "user");
  ASSERT_EQ(reply.errors.size(), 1U);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::denied);
  EXPECT_EQ(counts.seen, std::vector<std::string>{"enforce deny no-allow"});
  EXPECT_EQ(gate.asked, 2);
}

TEST_F(ByClaimTest, LooksAtNoTokenWhereNoneCouldHelp) {
  const Policies policies = {policy_by_role(Action::allow, Mode::enforce, "/a", "admin"),
                             policy_for(Action::deny, Mode::enforce, "/a/*")};
  send(policies, "/a/b", "admin");
  EXPECT_EQ(counts.seen, std::vector<std::string>{"enforce deny default/deny/r"});
  send(policies, "/b", "admin");
  EXPECT_EQ(counts.seen, std::vector<std::string>{"enforce deny no-allow"});
  EXPECT_EQ(reply.errors.size(), 2U);
  EXPECT_EQ(gate.asked, 0);
}

TEST_F(ByClaimTest, BelievesNoClaimsThatNobodyVerified) {
  Authorize alone{
      std::make_shared<const Authorizer>(
          Policies{policy_by_role(Action::allow, Mode::enforce, "/a", "admin")}, trust_domain),
      80, counts, inner};
  const std::vector<TokenClaim> all = {{"role", "admin"}};
  const TokenClaims claims{"issuer", all};
  exchange.claims = &claims;
  exchange.request.path = "/a";
  alone.forward(exchange, reply);
  EXPECT_EQ(reply.errors.size(), 1U);
}

TEST_F(ByClaimTest, CountsAShadowThatAsksTheToken) {
  const Policies policies = {policy_for(Action::allow, Mode::enforce, "/*"),
                             policy_by_role(Action::deny, Mode::shadow, "/a", "user")};
  send(policies, "/a", "user");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(counts.seen, (std::vector<std::string>{"enforce allow default/allow/r",
                                                   "shadow deny default/deny/r"}));
}

TEST_F(ByClaimTest, CountsNoShadowThatWouldHaveAskedTheTokenOfWhoIsRefusedBefore) {
  const Policies policies = {policy_for(Action::allow, Mode::enforce, "/b"),
                             policy_by_role(Action::allow, Mode::shadow, "/a", "user"),
                             policy_for(Action::allow, Mode::shadow, "/c")};
  send(policies, "/a", "user");
  EXPECT_EQ(counts.seen, std::vector<std::string>{"enforce deny no-allow"});
  send(policies, "/c", "user");
  EXPECT_EQ(counts.seen,
            (std::vector<std::string>{"enforce deny no-allow", "shadow allow default/allow/r"}));
  send(policies, "/d", "user");
  EXPECT_EQ(counts.seen,
            (std::vector<std::string>{"enforce deny no-allow", "shadow deny no-allow"}));
}

}  // namespace
}  // namespace skiff
