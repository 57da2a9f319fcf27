#include "config/schema/fallback.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

using Type = FallbackStep::Type;

const std::string services =
    "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n"
    "spec: {ports: [{port: 80}]}\n---\n"
    "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: two}\n"
    "spec: {ports: [{name: one, port: 80}, {name: two, port: 81}]}\n---\n";

// What is wrong with this list of steps.
std::vector<std::string> errors_of_steps(const std::string& steps) {
  return test::errors_of(services +
                         "apiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\n"
                         "spec:\n  targetRefs: [{name: a}]\n  fallback: " +
                         steps + "\n");
}

TEST(Fallback, IsReadFromItsExample) {
  const Resources resources =
      test::read_policies(test::repository_file("config/examples/fallback.yaml")).resources;
  const FallbackConfig& steps = resources.traffic_policies.at(0).fallback;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(steps[0].type, Type::cached);
  EXPECT_EQ(steps[0].max_age, std::chrono::minutes(10));
  EXPECT_EQ(steps[0].max_bytes, Bytes{8 * 1024 * 1024});
  EXPECT_EQ(steps[0].max_entries, 500U);
  EXPECT_EQ(steps[1].type, Type::cluster);
  EXPECT_EQ(steps[1].backend_ref.name, "archive");
  EXPECT_EQ(steps[2].type, Type::static_answer);
  EXPECT_EQ(steps[2].status, 200);
  EXPECT_EQ(steps[2].headers.at(0).name, "cache-control");
  EXPECT_EQ(steps[2].body, R"({"products":[]})");
}

TEST(Fallback, TakesEachTypeWithItsOwnFieldsOnly) {
  EXPECT_TRUE(errors_of_steps("[{type: CACHED}]").empty());
  EXPECT_TRUE(errors_of_steps("[{type: STATIC}]").empty());
  EXPECT_EQ(errors_of_steps("[{type: CLUSTER}]").size(), 1U) << "no backendRef";
  EXPECT_EQ(errors_of_steps("[{type: STATIC, maxAge: 1m}]").size(), 1U);
  EXPECT_EQ(errors_of_steps("[{type: CACHED, body: x}]").size(), 1U);
}

TEST(Fallback, NamesAServiceAndAPortThatAreThere) {
  EXPECT_TRUE(errors_of_steps("[{type: CLUSTER, backendRef: {name: a}}]").empty());
  EXPECT_EQ(errors_of_steps("[{type: CLUSTER, backendRef: {name: b}}]").size(), 1U);
  EXPECT_EQ(errors_of_steps("[{type: CLUSTER, backendRef: {name: two}}]").size(), 1U)
      << "which of its ports?";
  EXPECT_EQ(errors_of_steps("[{type: CLUSTER, backendRef: {name: a, port: 99}}]").size(), 1U);
}

TEST(Fallback, HasNothingThatIsNeverReached) {
  EXPECT_EQ(errors_of_steps("[{type: STATIC}, {type: CACHED}]").size(), 1U);
  EXPECT_EQ(errors_of_steps("[{type: CACHED}, {type: CACHED}]").size(), 1U);
  EXPECT_TRUE(errors_of_steps("[{type: CACHED}, {type: STATIC}]").empty());
}

TEST(Fallback, KeepsNoAnswerThatIsLargerThanAll) {
  EXPECT_EQ(errors_of_steps("[{type: CACHED, maxBytes: 1KiB, maxAnswerBytes: 2KiB}]").size(), 1U);
}

TEST(Fallback, TakesNoHeaderThatTheSidecarSetsItself) {
  for (const char* name :
       {"Content-Length", "transfer-encoding", "Connection", "X-Skiff-Reason", "content-type"}) {
    EXPECT_EQ(
        errors_of_steps("[{type: STATIC, headers: [{name: " + std::string(name) + ", value: a}]}]")
            .size(),
        1U)
        << name;
  }
}

// Case A68: text of a policy splits no answer.
TEST(Fallback, TakesNoControlCharactersInHeaders) {
  EXPECT_EQ(errors_of_steps(R"([{type: STATIC, headers: [{name: a, value: "b\r\nc: d"}]}])").size(),
            1U);
  EXPECT_EQ(errors_of_steps(R"([{type: STATIC, headers: [{name: "a\r\nb", value: c}]}])").size(),
            1U);
  EXPECT_EQ(errors_of_steps(R"([{type: STATIC, contentType: "a\r\nb: c"}])").size(), 1U);
}

TEST(Fallback, TakesNoBodyWhereTheStatusHasNone) {
  EXPECT_EQ(errors_of_steps("[{type: STATIC, status: 204, body: x}]").size(), 1U);
  EXPECT_TRUE(errors_of_steps("[{type: STATIC, status: 204}]").empty());
  EXPECT_EQ(errors_of_steps("[{type: STATIC, status: 101}]").size(), 1U);
}

}  // namespace
}  // namespace skiff
