#include "sidecar/app/egress.h"

#include <gmock/gmock.h>

#include "sidecar/app/limit_maker.h"
#include "sidecar/observe/metrics.h"
#include "tests/support/policies.h"
#include "tests/support/target_fixture.h"

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* product = R"(
apiVersion: skiff.dev/v1
kind: Service
metadata: {name: product, namespace: shop}
spec:
  ports: [{name: http, port: 80}, {name: db, port: 5432, protocol: TCP}]
  endpoints:
    - {address: 10.0.0.1, port: 8000}
    - {address: 10.0.0.2, port: 8000}
    - {address: 10.0.0.2, port: 5432, portName: db}
)";

constexpr const char* another = R"(
apiVersion: skiff.dev/v1
kind: Service
metadata: {name: user, namespace: shop}
spec:
  ports: [{port: 80}]
)";

class EgressTest : public test::TargetFixture {
 protected:
  void apply(const std::string& text) {
    const std::shared_ptr<const RoutePlan> plan =
        make_route_plan(test::read_policies(text).resources, "shop");
    generations.apply(
        {++number, plan, nullptr, std::make_shared<const EndpointIndex>(plan->targets)});
  }

  Call& call(Egress& egress, const char* destination, Version version = Version::http_1_1) {
    Call& made = make_call();
    made.exchange.destination = made.exchange.arena.copy(destination);
    made.exchange.request.version = version;
    egress.forward(made.exchange, made.reply);
    return made;
  }

  std::string metrics_line(const std::string& labels) {
    return "\nskiff_requests_started_total{direction=\"outbound\",source=\"order\"," + labels + "}";
  }

  std::uint64_t number = 0;
  Metrics metrics{{}};
  LimitMaker limits{loop, pauses, states.limits(), metrics.worker(0).named};
  Generations generations{context, limits};
  RouterCounting counting{
      metrics.worker(0),
      {.direction = Direction::outbound, .source = "order", .destination = {}, .route = {}}};
  Egress any{context, generations, CaptureConfig::Egress::allow, counting};
  Egress known{context, generations, CaptureConfig::Egress::registry, counting};
};

TEST_F(EgressTest, GoesToTheVeryEndpointThatWasCalled) {
  apply(product);
  const Call& made = call(known, "10.0.0.2:8000");
  EXPECT_EQ(made.exchange.marks.route, "endpoint");
  EXPECT_EQ(made.exchange.marks.target, "product.shop");
  EXPECT_THAT(dialed, ElementsAre("10.0.0.2:8000"));
  EXPECT_THAT(metrics_text(metrics),
              HasSubstr(metrics_line("destination=\"product.shop\",route=\"endpoint\"")));
}

TEST_F(EgressTest, KnowsWhichPortOfTheServiceAnEndpointServes) {
  apply(product);
  EXPECT_EQ(call(known, "10.0.0.2:5432", Version::bytes).exchange.marks.target,
            "product.shop:5432");
  EXPECT_THAT(dialed, ElementsAre("10.0.0.2:5432"));
}

TEST_F(EgressTest, LetsOutWhatIsNoService) {
  apply(product);
  const Call& made = call(any, "192.0.2.1:443", Version::bytes);
  EXPECT_EQ(made.exchange.marks.route, "egress");
  EXPECT_EQ(made.exchange.marks.target, "192.0.2.1:443");
  EXPECT_THAT(dialed, ElementsAre("192.0.2.1:443"));
  EXPECT_THAT(metrics_text(metrics),
              HasSubstr(metrics_line("destination=\"192.0.2.1:443\",route=\"egress\"")));
}

TEST_F(EgressTest, RefusesItWhereOnlyServicesMayBeCalled) {
  apply(product);
  const Call& made = call(known, "192.0.2.1:443");
  ASSERT_EQ(made.reply.errors.size(), 1u);
  EXPECT_EQ(made.reply.errors[0].kind, ErrorKind::unknown_service);
  EXPECT_EQ(made.exchange.marks.route, "egress");
  EXPECT_THAT(dialed, IsEmpty());
  EXPECT_THAT(metrics_text(metrics), HasSubstr("destination=\"192.0.2.1:443\",route=\"egress\""))
      << "it is named all the same";
}

TEST_F(EgressTest, FollowsTheConfiguration) {
  apply(another);
  EXPECT_EQ(call(any, "10.0.0.1:8000").exchange.marks.route, "egress");
  apply(product);
  EXPECT_EQ(call(any, "10.0.0.1:8000").exchange.marks.route, "endpoint");
  apply(another);
  EXPECT_EQ(call(any, "10.0.0.1:8000").exchange.marks.route, "egress");
}

TEST_F(EgressTest, CountsMoreAddressesThanItKeeps) {
  apply(another);
  for (int i = 0; i < 1'100; ++i) {
    call(known, ("192.0.2.1:" + std::to_string(1'000 + i)).c_str());
  }
  EXPECT_EQ(call(known, "192.0.2.1:1000").reply.errors.size(), 1u);
}

}  // namespace
}  // namespace skiff
