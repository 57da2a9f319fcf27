#include "sidecar/route/compiled_match.h"

#include <gtest/gtest.h>

#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::MadeRequest;
using Fields = MadeRequest::Fields;

constexpr auto exact = NamedMatch::Type::exact;
constexpr auto regex = NamedMatch::Type::regular_expression;

HTTPRouteMatch with_header(NamedMatch header) {
  HTTPRouteMatch match;
  match.headers.push_back(std::move(header));
  return match;
}

HTTPRouteMatch with_param(NamedMatch param) {
  HTTPRouteMatch match;
  match.query_params.push_back(std::move(param));
  return match;
}

bool header_holds(NamedMatch header, Fields fields) {
  return CompiledMatch(with_header(std::move(header))).holds(MadeRequest("/", fields));
}

bool param_holds(NamedMatch param, std::string_view target) {
  return CompiledMatch(with_param(std::move(param))).holds(MadeRequest(target));
}

TEST(CompiledMatch, AHeadersNameIsWithoutCaseAndItsValueWithCase) {
  EXPECT_TRUE(header_holds({exact, "X-Version", "v2"}, {{"x-VERSION", "v2"}}));
  EXPECT_FALSE(header_holds({exact, "x-version", "v2"}, {{"x-version", "V2"}}));
  EXPECT_FALSE(header_holds({exact, "x-version", "v2"}, {}));
  EXPECT_TRUE(header_holds({exact, "Cookie", "a=1"}, {{"cookie", "a=1"}})) << "a known field";
  EXPECT_FALSE(header_holds({exact, "Cookie", "a=1"}, {{"x", "a=1"}, {"Via", "a=1"}}));
  EXPECT_FALSE(header_holds({exact, "x", "a=1"}, {{"Cookie", "a=1"}}));
}

TEST(CompiledMatch, RepeatedHeadersAreOneValueJoinedByCommas) {
  EXPECT_TRUE(header_holds({exact, "x", "a,b"}, {{"x", "a"}, {"y", "-"}, {"X", "b"}}));
  EXPECT_FALSE(header_holds({exact, "x", "a"}, {{"x", "a"}, {"x", "b"}}));
  EXPECT_TRUE(header_holds({regex, "x", "a,.*"}, {{"x", "a"}, {"x", "b"}}));
}

TEST(CompiledMatch, HostIsTheAuthority) {
  EXPECT_TRUE(header_holds({exact, "Host", "shop.example.com"}, {}));
  EXPECT_FALSE(header_holds({exact, "host", "other"}, {}));
}

TEST(CompiledMatch, ARegularExpressionMustMatchTheWholeValue) {
  EXPECT_TRUE(header_holds({regex, "x", "v[0-9]+"}, {{"x", "v12"}}));
  EXPECT_FALSE(header_holds({regex, "x", "v[0-9]+"}, {{"x", "v12b"}}));
  EXPECT_FALSE(header_holds({regex, "x", "v."}, {{"x", "v\xff"}})) << "not UTF-8";
  EXPECT_FALSE(header_holds({regex, "x", "("}, {{"x", "("}})) << "no expression: never matches";
}

TEST(CompiledMatch, OfSeveralConditionsOnOneNameTheFirstCounts) {
  HTTPRouteMatch match = with_header({exact, "X-A", "1"});
  match.headers.push_back({exact, "x-a", "2"});
  EXPECT_TRUE(CompiledMatch(match).holds(MadeRequest("/", {{"x-a", "1"}})));
}

TEST(CompiledMatch, AQueryParameterIsItsFirstValueAsItIsWritten) {
  EXPECT_TRUE(param_holds({exact, "a", "1"}, "/?b=2&a=1&a=3"));
  EXPECT_FALSE(param_holds({exact, "a", "3"}, "/?a=1&a=3"));
  EXPECT_FALSE(param_holds({exact, "a", " "}, "/?a=%20")) << "not decoded";
  EXPECT_FALSE(param_holds({exact, "a", "1"}, "/?aa=1"));
  EXPECT_FALSE(param_holds({exact, "A", "1"}, "/?a=1")) << "with case";
  EXPECT_TRUE(param_holds({exact, "a", ""}, "/?a"));
  EXPECT_TRUE(param_holds({exact, "a", "b=c"}, "/?&a=b=c"));
  EXPECT_TRUE(param_holds({regex, "a", "[0-9]*"}, "/?a=12"));
  EXPECT_FALSE(param_holds({exact, "a", ""}, "/"));
}

TEST(CompiledMatch, AllPartsMustHold) {
  HTTPRouteMatch match = with_header({exact, "x", "1"});
  match.query_params.push_back({exact, "q", "1"});
  match.method = "POST";
  const CompiledMatch compiled(match);
  EXPECT_TRUE(compiled.holds(MadeRequest("/?q=1", {{"x", "1"}}, "POST")));
  EXPECT_FALSE(compiled.holds(MadeRequest("/?q=1", {{"x", "1"}}, "GET")));
  EXPECT_FALSE(compiled.holds(MadeRequest("/?q=1", {}, "POST")));
  EXPECT_FALSE(compiled.holds(MadeRequest("/", {{"x", "1"}}, "POST")));
}

TEST(CompiledMatch, ARegularExpressionForThePathIsAskedHere) {
  HTTPRouteMatch match;
  match.path = {PathMatch::Type::regular_expression, "/item/[0-9]+"};
  const CompiledMatch compiled(match);
  EXPECT_TRUE(compiled.holds(MadeRequest("/item/12?x=1")));
  EXPECT_FALSE(compiled.holds(MadeRequest("/item/12/more")));
}

TEST(CompiledMatch, AMethodIsMoreSpecificThanHeadersAndThoseThanParameters) {
  const HTTPRouteMatch plain;
  HTTPRouteMatch method;
  method.method = "GET";
  const HTTPRouteMatch header = with_header({exact, "a", "1"});
  HTTPRouteMatch headers = header;
  headers.headers.push_back({exact, "b", "1"});
  HTTPRouteMatch param = with_param({exact, "a", "1"});
  param.query_params.push_back({exact, "b", "1"});
  const HTTPRouteMatch* order[] = {&method, &headers, &header, &param, &plain};
  for (std::size_t i = 0; i + 1 < std::size(order); ++i) {
    const CompiledMatch more(*order[i]);
    const CompiledMatch less(*order[i + 1]);
    EXPECT_TRUE(more.more_specific_than(less)) << i;
    EXPECT_FALSE(less.more_specific_than(more)) << i;
    EXPECT_FALSE(more.more_specific_than(more)) << i;
  }
}

}  // namespace
}  // namespace skiff
