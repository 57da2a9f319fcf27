#include "sidecar/route/filters.h"

#include <gtest/gtest.h>

#include "tests/support/made_request.h"

namespace skiff {
namespace {

using testing::MadeRequest;
using Filters = std::vector<HTTPRouteFilter>;

constexpr auto full = PathModifier::Type::replace_full_path;
constexpr auto prefix = PathModifier::Type::replace_prefix_match;

HTTPRouteFilter rewrite(URLRewrite what) {
  HTTPRouteFilter filter;
  filter.type = HTTPRouteFilter::Type::url_rewrite;
  filter.url_rewrite = std::move(what);
  return filter;
}

HTTPRouteFilter request_headers(HeaderModifier what) {
  HTTPRouteFilter filter;
  filter.type = HTTPRouteFilter::Type::request_header_modifier;
  filter.request_header_modifier = std::move(what);
  return filter;
}

HTTPRouteFilter response_headers(HeaderModifier what) {
  HTTPRouteFilter filter;
  filter.type = HTTPRouteFilter::Type::response_header_modifier;
  filter.response_header_modifier = std::move(what);
  return filter;
}

std::string text_of(const Headers& headers) {
  std::string text;
  for (const Field& field : headers)
    text.append(field.name()).append("=").append(field.value()).append(";");
  return text;
}

TEST(Filters, HeadersAreSetThenAddedThenRemoved) {
  MadeRequest request("/", {{"A", "1"}, {"a", "2"}, {"B", "1"}, {"C", "1"}});
  const Filters filters{
      request_headers({{{"a", "new"}, {"d", "1"}}, {{"b", "2"}, {"c", "2"}}, {"C"}})};
  apply_request_filters(filters, "", request.arena(), *request);
  EXPECT_EQ(text_of(request->headers), "B=1;a=new;d=1;b=2;");
}

TEST(Filters, HostIsTheAuthorityAndFramingIsNotTouched) {
  MadeRequest request("/");
  const Filters filters{request_headers(
      {{{"Host", "other"}, {"Content-Length", "5"}}, {{"transfer-encoding", "x"}}, {}})};
  apply_request_filters(filters, "", request.arena(), *request);
  EXPECT_EQ(request->authority, "other");
  EXPECT_EQ(text_of(request->headers), "");
}

TEST(Filters, AnAnswerGetsOnlyWhatIsForAnswers) {
  Arena arena;
  Response response;
  response.headers.add(arena, "server", "x");
  const Filters filters{request_headers({{{"a", "1"}}, {}, {}}),
                        response_headers({{{"b", "1"}}, {}, {"Server"}})};
  apply_response_filters(filters, arena, response);
  EXPECT_EQ(text_of(response.headers), "b=1;");

  MadeRequest request("/");
  apply_request_filters(filters, "", request.arena(), *request);
  EXPECT_EQ(text_of(request->headers), "a=1;");
}

TEST(Filters, NewTextOutlivesTheFilters) {
  MadeRequest request("/");
  {
    const Filters filters{request_headers({{{"name-of-a-header", "value-of-a-header"}}, {}, {}}),
                          rewrite({"host-of-some-length.example.com", {}})};
    apply_request_filters(filters, "", request.arena(), *request);
  }
  EXPECT_EQ(text_of(request->headers), "name-of-a-header=value-of-a-header;");
  EXPECT_EQ(request->authority, "host-of-some-length.example.com");
}

struct PathCase {
  const char* target;
  const char* matched;
  PathModifier modifier;
  const char* expected;
};

// The first rows are the table of Gateway API's HTTPPathModifier.
const PathCase path_cases[] = {
    {"/foo/bar", "/foo", {prefix, "/xyz"}, "/xyz/bar"},
    {"/foo/bar", "/foo", {prefix, "/xyz/"}, "/xyz/bar"},
    {"/foo/bar", "/foo/", {prefix, "/xyz"}, "/xyz/bar"},
    {"/foo/bar", "/foo/", {prefix, "/xyz/"}, "/xyz/bar"},
    {"/foo", "/foo", {prefix, "/xyz"}, "/xyz"},
    {"/foo/", "/foo", {prefix, "/xyz"}, "/xyz/"},
    {"/foo/bar", "/foo", {prefix, ""}, "/bar"},
    {"/foo/", "/foo", {prefix, ""}, "/"},
    {"/foo", "/foo", {prefix, ""}, "/"},
    {"/foo/", "/foo", {prefix, "/"}, "/"},
    {"/foo", "/foo", {prefix, "/"}, "/"},
    {"/bar", "", {prefix, "/xyz"}, "/xyz/bar"},
    {"/bar", "/", {prefix, "/xyz"}, "/xyz/bar"},
    {"/", "", {prefix, "/xyz"}, "/xyz/"},
    {"/foo/bar?q=1&r=/foo", "/foo", {prefix, "/xyz"}, "/xyz/bar?q=1&r=/foo"},
    {"/foo?", "/foo", {prefix, "/xyz"}, "/xyz?"},
    {"/foo/bar", "/foo", {full, "/one"}, "/one"},
    {"/foo/bar?q=1", "/foo", {full, "/one/"}, "/one/?q=1"},
    {"/foo", "/foo", {full, "one"}, "/one"},
    {"/foo", "/foo", {full, ""}, "/"},
};

TEST(Filters, ARewriteKeepsTheQueryAndJoinsWithOneSlash) {
  for (const PathCase& c : path_cases) {
    MadeRequest request(c.target);
    apply_request_filters(Filters{rewrite({"", c.modifier})}, c.matched, request.arena(), *request);
    EXPECT_EQ(request->target, c.expected) << c.target << " " << c.matched;
    const std::string_view target = request->target;
    EXPECT_EQ(request->path, target.substr(0, target.find('?')));
    const bool has_query = target.find('?') != target.npos;
    EXPECT_EQ(request->query, has_query ? target.substr(target.find('?') + 1) : "");
    EXPECT_EQ(request->authority, "shop.example.com");
  }
}

TEST(Filters, OptionsForTheWholeServerIsNotRewritten) {
  MadeRequest request("*", {}, "OPTIONS");
  apply_request_filters(Filters{rewrite({"other", PathModifier{full, "/x"}})}, "", request.arena(),
                        *request);
  EXPECT_EQ(request->target, "*");
  EXPECT_EQ(request->authority, "other");
}

struct RedirectCase {
  const char* what;
  RequestRedirect redirect;
  std::uint16_t listener_port;
  const char* expected;
};

const RedirectCase redirect_cases[] = {
    {"nothing changed", {}, 8080, "http://shop.example.com:8080/foo/bar?q=1"},
    {"the listener's port is known", {}, 80, "http://shop.example.com/foo/bar?q=1"},
    {"the listener's port is not told", {}, 0, "http://shop.example.com/foo/bar?q=1"},
    {"scheme", {"https", "", {}, 0}, 8080, "https://shop.example.com/foo/bar?q=1"},
    {"scheme http", {"http", "", {}, 0}, 8443, "http://shop.example.com/foo/bar?q=1"},
    {"scheme and port", {"https", "", {}, 8443}, 80, "https://shop.example.com:8443/foo/bar?q=1"},
    {"scheme and its own port", {"https", "", {}, 443}, 80, "https://shop.example.com/foo/bar?q=1"},
    {"the other scheme's port",
     {"https", "", {}, 80},
     80,
     "https://shop.example.com:80/foo/bar?q=1"},
    {"a scheme without port of its own",
     {"ws", "", {}, 0},
     8080,
     "ws://shop.example.com:8080/foo/bar?q=1"},
    {"hostname", {"", "new.example", {}, 0}, 80, "http://new.example/foo/bar?q=1"},
    {"port", {"", "", {}, 80}, 8080, "http://shop.example.com/foo/bar?q=1"},
    {"full path", {"", "", PathModifier{full, "/x"}, 0}, 80, "http://shop.example.com/x?q=1"},
    {"prefix", {"", "", PathModifier{prefix, "/x/"}, 0}, 80, "http://shop.example.com/x/bar?q=1"},
    {"prefix away", {"", "", PathModifier{prefix, "/"}, 0}, 80, "http://shop.example.com/bar?q=1"},
};

TEST(Filters, ARedirectsLocationIsAsGatewayApiSays) {
  for (const RedirectCase& c : redirect_cases) {
    MadeRequest request("/foo/bar?q=1");
    HTTPRouteFilter filter;
    filter.type = HTTPRouteFilter::Type::request_redirect;
    filter.request_redirect = c.redirect;
    Response response;
    ASSERT_TRUE(make_redirect(Filters{filter}, "/foo", c.listener_port, request.arena(), request,
                              response));
    EXPECT_EQ(text_of(response.headers), "location=" + std::string(c.expected) + ";") << c.what;
    EXPECT_EQ(response.status, 302);
    EXPECT_EQ(response.content_length, 0u);
  }
}

std::string redirected(std::string_view authority, const char* target = "/") {
  MadeRequest request(target);
  request->authority = authority;
  HTTPRouteFilter filter;
  filter.type = HTTPRouteFilter::Type::request_redirect;
  filter.request_redirect.status_code = 301;
  Response response;
  EXPECT_TRUE(make_redirect(Filters{filter}, "", 80, request.arena(), request, response));
  EXPECT_EQ(response.status, 301);
  return std::string(response.headers.find("location")->value());
}

TEST(Filters, ARedirectDropsTheRequestsPortAndKeepsBrackets) {
  EXPECT_EQ(redirected("shop:8080"), "http://shop/");
  EXPECT_EQ(redirected("[::1]:8080"), "http://[::1]/");
  EXPECT_EQ(redirected("[::1]"), "http://[::1]/");
  EXPECT_EQ(redirected("", "/a?b"), "/a?b") << "nobody names a host";
  EXPECT_EQ(redirected("shop", "*"), "http://shop/");
}

TEST(Filters, WithoutARedirectThereIsNoAnswer) {
  MadeRequest request("/");
  Response response;
  EXPECT_FALSE(
      make_redirect(Filters{rewrite({"x", {}})}, "", 80, request.arena(), request, response));
}

}  // namespace
}  // namespace skiff
