#include "sidecar/app/breaker_pages.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class BreakerPages : public testing::Test {
 protected:
  BreakerPages() { add_breakers(table, states, clock); }

  CircuitBreaker& add(const std::shared_ptr<TargetState>& state) {
    CircuitBreakerConfig config;
    config.consecutive_failures = 2;
    return *state->breaker().configure(config, random, clock.now());
  }
  AdminAnswer get(std::string_view query = "") {
    return table.answer({.path = "/breakers", .query = query, .host = "localhost"});
  }
  AdminAnswer post(std::string_view query) {
    return table.answer(
        {.method = "POST", .path = "/breakers", .query = query, .host = "localhost"});
  }
  static bool says(const AdminAnswer& answer, std::string_view text) {
    return answer.body.find(text) != std::string::npos;
  }

  ManualClock clock;
  Random random{1};
  PolicyStates states{{}};
  AdminTable table;
  const std::shared_ptr<TargetState> order = states.of("order.shop");
  const std::shared_ptr<TargetState> user = states.of("user.shop");
};

TEST_F(BreakerPages, ShowThoseInForceWithTheirNumbers) {
  EXPECT_EQ(get("as=table").body, "no circuit breaker is in force\n");
  CircuitBreaker& breaker = add(order);
  for (int i = 0; i < 2; ++i) {
    breaker.answered(*breaker.admit(clock.now()), Outcome::failure, 1ms, clock.now());
  }
  const AdminAnswer json = get();
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_TRUE(says(json, "\"target\": \"order.shop\"")) << json.body;
  EXPECT_TRUE(says(json, "\"state\": \"open\"")) << json.body;
  EXPECT_TRUE(says(json, "\"failed\": 2")) << json.body;
  EXPECT_FALSE(says(json, "user.shop")) << "it has none";
  const AdminAnswer lines = get("as=table");
  EXPECT_TRUE(lines.body.starts_with("TARGET      STATE ")) << lines.body;
  EXPECT_TRUE(says(lines, "\norder.shop  open          AUTOMATIC          2       2       0"))
      << lines.body;
}

TEST_F(BreakerPages, SetAMode) {
  CircuitBreaker& breaker = add(order);
  add(user);
  EXPECT_EQ(post("target=order.shop&mode=FORCED_OPEN").status, 200u);
  EXPECT_FALSE(breaker.admit(clock.now()));
  EXPECT_TRUE(user->breaker().get()->admit(clock.now()));
  EXPECT_TRUE(says(get(), "\"mode\": \"FORCED_OPEN\""));
  EXPECT_EQ(post("target=order.shop&mode=AUTOMATIC").status, 200u);
  EXPECT_TRUE(breaker.admit(clock.now()));
}

TEST_F(BreakerPages, RefuseWhatIsNotThere) {
  add(order);
  const AdminAnswer wrong = post("target=order.shop&mode=OPEN");
  EXPECT_EQ(wrong.status, 400u);
  EXPECT_TRUE(says(wrong, "METRICS_ONLY")) << wrong.body;
  const AdminAnswer unknown = post("target=ordr.shop&mode=DISABLED");
  EXPECT_EQ(unknown.status, 404u);
  EXPECT_TRUE(says(unknown, "did you mean order.shop?")) << unknown.body;
  EXPECT_EQ(post("target=user.shop&mode=DISABLED").status, 404u) << "it has no breaker";
}

TEST_F(BreakerPages, TakeChangesFromThisMachineOnly) {
  add(order);
  const AdminAnswer answer = table.answer({.method = "POST",
                                           .path = "/breakers",
                                           .query = "target=order.shop&mode=DISABLED",
                                           .host = "localhost",
                                           .from_loopback = false});
  EXPECT_EQ(answer.status, 403u);
  EXPECT_EQ(order->breaker().get()->status(clock.now()).mode, BreakerMode::automatic);
}

}  // namespace
}  // namespace skiff
