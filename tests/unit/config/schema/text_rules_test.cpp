#include "config/schema/text_rules.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <vector>

namespace skiff {
namespace {

struct RuleCase {
  const TextRule& rule;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

std::vector<RuleCase> rule_cases() {
  using namespace text_rules;
  return {
      {any, {"x", " "}, {""}},
      {dns_label,
       {"a", "a-1", std::string(63, 'a')},
       {"", "-a", "a-", "A", "a.b", std::string(64, 'a')}},
      {dns_name, {"a.b", "shop.example.com"}, {"", "a..b", ".a", "a.", "A.b", "a_b"}},
      {host_pattern, {"a.b", "*.a.b"}, {"*", "*.", "a.*", "*a.b"}},
      {service_name, {"a", "a.b"}, {"", "a.", ".b", "a.b.c"}},
      {header_name, {"x-a", "X_A", "!#$"}, {"", "a b", "a:", "é"}},
      {http_method, {"GET", "PATCH"}, {"", "get", "FETCH"}},
      {absolute_path,
       {"/", "/a/b.c"},
       {"", "a", "/a b", "/a//b", "/./a", "/..", "/%2f", "/a?b", "/a#b"}},
      {ip_address, {"127.0.0.1", "::1"}, {"", "1.2.3", "1.2.3.256", "[::1]", "localhost"}},
      {host_port,
       {"127.0.0.1:80", "[::1]:80", "a.b:1"},
       {"", "127.0.0.1", ":80", "a:0", "a:65536", "a:080", "::1:80", "[a]:80"}},
      {timestamp,
       {"2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5Z"},
       {"", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z"}},
  };
}

TEST(TextRules, TellGoodFromBad) {
  for (const RuleCase& each : rule_cases()) {
    for (const auto& text : each.good) EXPECT_TRUE(each.rule.holds(text)) << text;
    for (const auto& text : each.bad) EXPECT_FALSE(each.rule.holds(text)) << text;
  }
}

TEST(TextRules, HavePatternsThatRefuseNothingGood) {
  for (const RuleCase& each : rule_cases()) {
    if (each.rule.pattern.empty()) continue;
    const RE2 pattern{std::string(each.rule.pattern)};
    ASSERT_TRUE(pattern.ok()) << each.rule.pattern;
    for (const auto& text : each.good) EXPECT_TRUE(RE2::PartialMatch(text, pattern)) << text;
  }
}

TEST(TextRules, LetHeaderValuesSplitNoMessage) {
  EXPECT_TRUE(text_rules::header_value.holds(""));
  EXPECT_TRUE(text_rules::header_value.holds("a b\tc é"));
  for (const char* bad : {"a\r\nb", "a\nb", " a", "a ", "\x7F"}) {
    EXPECT_FALSE(text_rules::header_value.holds(bad)) << bad;
  }
}

TEST(TextRules, RefuseRegularExpressionsThatCostTooMuch) {
  EXPECT_TRUE(compiles("/a/[0-9]+"));
  EXPECT_FALSE(compiles("("));
  EXPECT_FALSE(compiles("(a)\\1")) << "no backreferences in linear time";
  EXPECT_FALSE(compiles(std::string(2'000, 'a')));
  EXPECT_FALSE(compiles("((\\pL{30}){30}){30}"));
  std::string reason;
  EXPECT_FALSE(compiles("(", &reason));
  EXPECT_NE(reason, "");
}

using Cases = std::vector<std::pair<std::string, bool>>;

void expect(const TextRule& rule, const Cases& cases) {
  for (const auto& [text, holds] : cases) EXPECT_EQ(rule.holds(text), holds) << text;
}

TEST(TextRules, AnApplicationIsAHostAndPortOrASocket) {
  expect(text_rules::application, {{"127.0.0.1:80", true},
                                   {"unix:/run/a.sock", true},
                                   {"unix:run/a", false},
                                   {"unix:/", false},
                                   {"unix:", false},
                                   {"unix:/a b", false},
                                   {"unix:/" + std::string(106, 'a'), true},
                                   {"unix:/" + std::string(107, 'a'), false}});
}

TEST(TextRules, ACidrIsAnAddressAndItsBits) {
  expect(text_rules::cidr, {{"10.0.0.0/8", true},
                            {"0.0.0.0/0", true},
                            {"10.0.0.0/32", true},
                            {"10.0.0.0/33", false},
                            {"10.0.0.0/08", false},
                            {"10.0.0.0/", false},
                            {"10.0.0.0", false},
                            {"10.0.0/8", false},
                            {"::/0", true},
                            {"fd00::/128", true},
                            {"fd00::/129", false},
                            {"fd00::/8/8", false}});
}

TEST(TextRules, AnIdentityPatternNeverReachesIntoAnotherTrustDomain) {
  expect(text_rules::identity_pattern, {{"*", true},
                                        {"spiffe://d/*", true},
                                        {"spiffe://d/a*", true},
                                        {"spiffe://d/a/*", true},
                                        {"spiffe://d/a", true},
                                        {"spiffe://d*", false},
                                        {"spiffe://*", false},
                                        {"s*", false},
                                        {"**", false},
                                        {"spiffe://d/a**", false},
                                        {"spiffe://d/*/a", false},
                                        {"spiffe://d//*", false},
                                        {"", false}});
}

TEST(TextRules, APathPatternIsInItsOneForm) {
  expect(text_rules::path_pattern,
         {{"/", true},          {"/*", true},          {"/a/*", true},   {"/a%20b", true},
          {"/caf%C3%A9", true}, {"/caf%c3%a9", false}, {"/%61", false},  {"/%2D", false},
          {"/%2F", false},      {"/%5C", false},       {"/%00", false},  {"/a%2", false},
          {"/a%", false},       {"/a*", false},        {"/*/a", false},  {"*", false},
          {"", false},          {"//*", false},        {"/a//b", false}, {"/a/../b", false},
          {"/a;b", false},      {"/a?b", false},       {"/<a>", false}});
}

TEST(TextRules, AnAddressHasOneCanonicalForm) {
  EXPECT_EQ(canonical_address("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(canonical_address("FD00:0:0::1"), "fd00::1");
  EXPECT_EQ(canonical_address("10.0.0"), "");
}

}  // namespace
}  // namespace skiff
