#include "cli/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/support/temporary_folder.h"

namespace skiff {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr const char* shop =
    "apiVersion: skiff.dev/v1\n"
    "kind: Service\n"
    "metadata: {name: product, namespace: shop}\n"
    "spec:\n"
    "  ports: [{port: 80}]\n"
    "  endpoints:\n"
    "    - {address: 127.0.0.1, port: 5103, zone: a}\n"
    "    - {address: 127.0.0.1, port: 5104, zone: b}\n"
    "---\n"
    "apiVersion: skiff.dev/v1\n"
    "kind: Service\n"
    "metadata: {name: user, namespace: shop}\n"
    "spec: {ports: [{port: 80}], endpoints: [{address: 127.0.0.1, port: 5101}]}\n"
    "---\n"
    "apiVersion: skiff.dev/v1\n"
    "kind: TrafficPolicy\n"
    "metadata: {name: user, namespace: shop}\n"
    "spec:\n"
    "  targetRefs: [{kind: Service, name: user}]\n"
    "  timeouts: {connect: 100ms, request: 200ms}\n";

// Runs orders on the shop.
class Simulate : public testing::Test {
 protected:
  Simulate() {
    folder_.write("shop.yaml", shop);
    order_.paths = {folder_.path()};
    order_.length = 6s;
  }

  void befalls(SimulatedTrouble::Kind kind, std::string_view text) {
    order_.troubles.push_back(*parse_trouble(kind, text));
  }

  ExitCode run() {
    out_.str("");
    err_.str("");
    return simulate(order_, out_, err_);
  }

  const test::TemporaryFolder folder_;
  SimulateOrder order_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(Simulate, PrintsATableOfEachTarget) {
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_THAT(out_.str(), HasSubstr("6s of virtual time, seed 1\n"));
  EXPECT_THAT(out_.str(), HasSubstr("client of product.shop: 100 requests a second\n"));
  EXPECT_THAT(out_.str(), HasSubstr("client of user.shop: 100 requests a second\n"));
  EXPECT_THAT(out_.str(), HasSubstr("   from     sent       ok   failed      p50      p99"));
  EXPECT_THAT(out_.str(), HasSubstr("\n     5s "));
  EXPECT_THAT(out_.str(), HasSubstr("100.00% succeeded, 1.00 attempts for each request\n"));
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Simulate, SaysWhatItLeavesOut) {
  folder_.write("who.yaml",
                "apiVersion: skiff.dev/v1\n"
                "kind: AuthorizationPolicy\n"
                "metadata: {name: user, namespace: shop}\n"
                "spec: {targetRefs: [{kind: Service, name: user}], action: ALLOW, rules: [{name: all}]}\n");
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_EQ(err_.str(), "skiff: not simulated: 1 AuthorizationPolicy\n");
}

constexpr const char* routes =
    "apiVersion: gateway.networking.k8s.io/v1\n"
    "kind: HTTPRoute\n"
    "metadata: {name: user, namespace: shop}\n"
    "spec:\n"
    "  parentRefs: [{kind: Service, name: user}]\n"
    "  rules:\n"
    "    - matches: [{path: {value: /x}, headers: [{name: x-new, value: \"yes\"}]}]\n"
    "      backendRefs: [{name: product, port: 80}]\n"
    "    - backendRefs: [{name: user, port: 80}]\n"
    "---\n"
    "apiVersion: gateway.networking.k8s.io/v1\n"
    "kind: Gateway\n"
    "metadata: {name: front, namespace: shop}\n"
    "spec:\n"
    "  gatewayClassName: skiff\n"
    "  listeners: [{name: http, port: 80, protocol: HTTP}, {name: other, port: 81, protocol: "
    "HTTP}]\n"
    "---\n"
    "apiVersion: gateway.networking.k8s.io/v1\n"
    "kind: HTTPRoute\n"
    "metadata: {name: front, namespace: shop}\n"
    "spec:\n"
    "  parentRefs: [{name: front, sectionName: http}]\n"
    "  hostnames: [shop.example.com]\n"
    "  rules: [{backendRefs: [{name: product, port: 80}]}]\n";

TEST_F(Simulate, SendsRequestsByTheirRoutes) {
  folder_.write("routes.yaml", routes);
  order_.targets = {"user"};
  order_.path = "/x/y";
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_EQ(err_.str(), "");
  EXPECT_THAT(out_.str(), Not(HasSubstr("attempts went to")));

  order_.headers = {{"x-new", "yes"}};
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_THAT(out_.str(), HasSubstr(" attempts went to product.shop (100.0%)\n"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("went to user.shop")));
}

TEST_F(Simulate, SendsRequestsThroughAGateway) {
  folder_.write("routes.yaml", routes);
  order_.gateway = "front/http";
  order_.host = "shop.example.com";
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_THAT(out_.str(), HasSubstr("client of gateway front.shop/http: 100 requests a second\n"));
  EXPECT_THAT(out_.str(), HasSubstr("100.00% succeeded"));
  EXPECT_THAT(out_.str(), HasSubstr(" attempts went to product.shop (100.0%)\n"));

  order_.host = "elsewhere.example.com";
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_THAT(out_.str(), HasSubstr("  0.00% succeeded"));
  EXPECT_THAT(out_.str(), HasSubstr("no_route"));
}

TEST_F(Simulate, SaysWhichGatewayIsNotThereOrNotClear) {
  folder_.write("routes.yaml", routes);
  order_.gateway = "fornt.shop/http";
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(),
            "skiff: there is no gateway \"fornt.shop/http\"; did you mean \"front.shop/http\"?\n");
  order_.gateway = "front";
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(),
            "skiff: several listeners are meant by \"front\" front.shop/http front.shop/other\n");
}

TEST_F(Simulate, NamesTheReasonOfASidecarBesideTheService) {
  folder_.write("limits.yaml",
                "apiVersion: skiff.dev/v1\n"
                "kind: RateLimitPolicy\n"
                "metadata: {name: user, namespace: shop}\n"
                "spec:\n"
                "  targetRefs: [{kind: Service, name: user}]\n"
                "  limits: [{name: all, rate: 10/s, burst: 20}]\n");
  order_.targets = {"user"};
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_EQ(err_.str(), "");
  EXPECT_THAT(out_.str(), HasSubstr("rate_limited "));
  EXPECT_THAT(out_.str(), Not(HasSubstr("the answer itself")));
  EXPECT_THAT(out_.str(), HasSubstr("127.0.0.1:5101: rate_limit of shop/user/all: within -> over"));
}

TEST_F(Simulate, GivesTheSameForTheSameSeed) {
  run();
  const std::string first = out_.str();
  run();
  EXPECT_EQ(out_.str(), first);
  order_.seed = 2;
  run();
  EXPECT_NE(out_.str(), first);
}

TEST_F(Simulate, CallsOnlyTheTargetsThatAreNamed) {
  order_.targets = {"user"};
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_THAT(out_.str(), Not(HasSubstr("product")));
}

TEST_F(Simulate, ShowsWhatPoliciesMakeOfTroubles) {
  order_.targets = {"user", "product.shop"};
  befalls(SimulatedTrouble::Kind::hang, "user@2s+2s");
  befalls(SimulatedTrouble::Kind::kill, "product/1@2s");
  EXPECT_EQ(run(), ExitCode::ok);
  EXPECT_THAT(out_.str(), HasSubstr("timeout_request"));
  EXPECT_THAT(out_.str(), HasSubstr("   2.00s  user.shop hangs\n"));
  EXPECT_THAT(out_.str(), HasSubstr("   4.00s  user.shop is well again\n"));
  EXPECT_THAT(out_.str(), HasSubstr("product.shop/1 is killed\n"));
}

TEST_F(Simulate, SaysWhatIsNotThere) {
  order_.targets = {"prodcut"};
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(), "skiff: there is no service \"prodcut\"; did you mean \"product\"?\n");

  order_.targets = {};
  befalls(SimulatedTrouble::Kind::kill, "usr@2s");
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(), "skiff: there is no service \"usr\"; did you mean \"user\"?\n");

  order_.troubles.clear();
  befalls(SimulatedTrouble::Kind::kill, "product/3@2s");
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(), "skiff: product.shop has no endpoint or zone \"3\"; it has 2 endpoints\n");
}

TEST_F(Simulate, RefusesATroubleThatComesAfterItsEnd) {
  befalls(SimulatedTrouble::Kind::kill, "product@6s");
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(), "skiff: it ends after 6s, before product.shop is killed at 6s\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(Simulate, RefusesPoliciesThatAreWrong) {
  folder_.write("wrong.yaml", "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n");
  EXPECT_EQ(run(), ExitCode::bad_input);
  EXPECT_THAT(err_.str(), HasSubstr("wrong.yaml:"));
  EXPECT_EQ(out_.str(), "");
}

TEST_F(Simulate, SaysThatThereIsNothingToCall) {
  folder_.write("shop.yaml",
                "apiVersion: skiff.dev/v1\nkind: MeshTLS\nmetadata: {name: a}\n"
                "spec: {mode: strict}\n");
  EXPECT_EQ(run(), ExitCode::usage);
  EXPECT_EQ(err_.str(), "skiff: there is no service in these files\n");
}

TEST_F(Simulate, DrawsAPlotThatIsSvg) {
  order_.svg = folder_.path() + "/plot.svg";
  befalls(SimulatedTrouble::Kind::kill, "user@2s");
  EXPECT_EQ(run(), ExitCode::ok);
  std::ifstream file(order_.svg);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str().starts_with("<svg xmlns="));
  EXPECT_TRUE(text.str().ends_with("</svg>\n"));
  EXPECT_THAT(text.str(), HasSubstr("product.shop"));
  EXPECT_THAT(text.str(), HasSubstr("in flight"));
  EXPECT_THAT(text.str(), HasSubstr("<polyline"));
  EXPECT_THAT(text.str(), HasSubstr("stroke-dasharray")) << "the trouble is marked";
}

TEST_F(Simulate, SaysWhereAPlotCannotBeWritten) {
  order_.svg = folder_.path() + "/nowhere/plot.svg";
  EXPECT_EQ(run(), ExitCode::failure);
  EXPECT_THAT(err_.str(), HasSubstr("plot.svg cannot be written\n"));
}

}  // namespace
}  // namespace skiff
