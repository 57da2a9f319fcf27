#include "sidecar/balance/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// The way to every endpoint: remembers who was called, and answers when told.
class Way final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    called.emplace_back(exchange.marks.endpoint);
    answer_to = &reply;
  }

  std::vector<std::string> called;
  Reply* answer_to = nullptr;
};

class BalanceTest : public testing::Test, private EndpointForwarders {
 protected:
  BalanceTest() {
    EndpointSpec one;
    one.address = "192.0.2.1:80";
    EndpointSpec two;
    two.address = "192.0.2.2:80";
    endpoints.update(
        std::vector{one, two}, clock.now(), [](Endpoint&) {}, [](Endpoint&) {});
  }

  Forwarder& make_forwarder(Endpoint& endpoint) override {
    ++made;
    endpoint.forwarder = &way;
    const bool is_first = endpoint.spec->address == "192.0.2.1:80";
    if (is_first && first_is_full != nullptr) endpoint.full = first_is_full;
    return way;
  }

  std::uint32_t in_flight() const {
    std::uint32_t sum = 0;
    for (const auto& endpoint : endpoints.endpoints()) sum += endpoint->in_flight;
    return sum;
  }

  ManualClock clock;
  Random random{3};
  EndpointSet endpoints{{}, {}, ""};
  Balance balance{endpoints, *this, random, clock};
  Way way;
  int made = 0;
  const std::atomic<bool>* first_is_full = nullptr;
  Exchange exchange;
  RecordingReply reply;
};

TEST_F(BalanceTest, SendsToAnEndpointAndNamesIt) {
  balance.forward(exchange, reply);
  ASSERT_EQ(way.called.size(), 1u);
  EXPECT_TRUE(way.called[0].starts_with("192.0.2."));
  EXPECT_EQ(in_flight(), 1u);
}

TEST_F(BalanceTest, MakesTheWayToAnEndpointOnce) {
  for (int i = 0; i < 100; ++i) {
    balance.forward(exchange, reply);
    exchange.finish({});
  }
  EXPECT_EQ(made, 2);
  EXPECT_EQ(in_flight(), 0u);
}

TEST_F(BalanceTest, HoldsTheEndpointUntilTheExchangeIsOver) {
  balance.forward(exchange, reply);
  Response response;
  response.status = 200;
  way.answer_to->answered(exchange, response);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(in_flight(), 1u) << "the body is still on its way";
  exchange.finish({});
  EXPECT_EQ(in_flight(), 0u);
}

TEST_F(BalanceTest, AFailedAttemptGivesItsEndpointBackAtOnceAndIsAvoidedNext) {
  balance.forward(exchange, reply);
  way.answer_to->failed(exchange, {.kind = ErrorKind::connect_failed});
  EXPECT_EQ(in_flight(), 0u);
  EXPECT_EQ(reply.errors.size(), 1u);
  balance.forward(exchange, reply);
  EXPECT_NE(way.called[0], way.called[1]);
  exchange.finish({});
  EXPECT_EQ(in_flight(), 0u) << "each attempt gave back once";
}

TEST_F(BalanceTest, AClientsFaultIsNotTheEndpoints) {
  balance.forward(exchange, reply);
  const auto cost = [&] {
    double sum = 0;
    for (const auto& endpoint : endpoints.endpoints()) sum += endpoint->cost_ns;
    return sum;
  };
  const double before = cost();
  way.answer_to->failed(exchange, {.kind = ErrorKind::bad_request_chunk});
  EXPECT_EQ(cost(), before);
  balance.forward(exchange, reply);
  way.answer_to->failed(exchange, {.kind = ErrorKind::timeout_request});
  EXPECT_GT(cost(), before);
  exchange.finish({});
}

TEST_F(BalanceTest, AnAttemptThatAnotherOvertookWasSlowNotBad) {
  balance.forward(exchange, reply);
  clock.advance(std::chrono::milliseconds(100));
  way.answer_to->failed(exchange, {.kind = ErrorKind::hedge_lost});
  double most = 0;
  for (const auto& endpoint : endpoints.endpoints())
    most = std::max<double>(most, endpoint->cost_ns);
  EXPECT_GE(most, 90e6);
  EXPECT_LT(most, 200e6);
  exchange.finish({});
}

TEST_F(BalanceTest, WithoutAnEndpointItSaysSo) {
  endpoints.update(
      {}, clock.now(), [](Endpoint&) {}, [](Endpoint&) {});
  balance.forward(exchange, reply);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::no_endpoint);
}

TEST_F(BalanceTest, TheNameOutlivesAnUpdate) {
  balance.forward(exchange, reply);
  const std::string name = way.called[0];
  endpoints.update(
      {}, clock.now(), [](Endpoint&) {}, [](Endpoint&) {});
  EXPECT_EQ(exchange.marks.endpoint, name);
  exchange.finish({});
}

// Also before it was ever used here: others may have filled it.
TEST_F(BalanceTest, AnEndpointThatIsFullIsLeftOutWhileAnotherHasRoom) {
  std::atomic<bool> full = true;
  first_is_full = &full;
  for (int i = 0; i < 20; ++i) balance.forward(exchange, reply);
  EXPECT_EQ(way.called, std::vector<std::string>(20, "192.0.2.2:80"));
  full = false;
  way.called.clear();
  for (int i = 0; i < 20; ++i) balance.forward(exchange, reply);
  EXPECT_NE(way.called, std::vector<std::string>(20, "192.0.2.2:80"));
  exchange.finish({});
}

TEST_F(BalanceTest, WhereAllAreFullOneOfThemDecides) {
  const std::atomic<bool> full = true;
  for (const auto& endpoint : endpoints.endpoints()) endpoint->full = &full;
  balance.forward(exchange, reply);
  EXPECT_EQ(way.called.size(), 1u);
  exchange.finish({});
}

}  // namespace
}  // namespace skiff
