#include "config/schema/fault_policy.h"

#include <gtest/gtest.h>

#include "tests/support/policies.h"

namespace skiff {
namespace {

const std::string others =
    "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n"
    "spec: {ports: [{name: http, port: 80}]}\n---\n"
    "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\n"
    "spec: {gatewayClassName: skiff, listeners: [{name: web, port: 80, protocol: HTTP}]}\n---\n"
    "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\n"
    "spec: {parentRefs: [{name: g}], rules: [{name: all, backendRefs: [{name: a, port: 80}]}]}\n"
    "---\n";

// What is wrong with this spec.
std::vector<std::string> errors_of_spec(const std::string& spec) {
  return test::errors_of(others +
                         "apiVersion: skiff.dev/v1\nkind: FaultPolicy\nmetadata: {name: p}\n"
                         "spec: " +
                         spec + "\n");
}

std::vector<std::string> errors_of_fault(const std::string& fault) {
  return errors_of_spec("{targetRefs: [{name: a}], ttl: 1m, faults: [" + fault + "]}");
}

TEST(FaultPolicy, IsReadFromItsExample) {
  const Resources resources =
      test::read_policies(test::repository_file("config/examples/fault.yaml")).resources;
  ASSERT_EQ(resources.fault_policies.size(), 1U);
  const FaultPolicy& policy = resources.fault_policies[0];
  EXPECT_EQ(policy.target_refs.at(0).kind, "Service");
  EXPECT_EQ(policy.ttl, std::chrono::minutes(15));
  ASSERT_EQ(policy.faults.size(), 3U);
  EXPECT_EQ(policy.faults[0].percent, Ratio{0.5});
  EXPECT_EQ(policy.faults[0].headers.at(0).name, "x-tester");
  EXPECT_EQ(policy.faults[0].delay->max, std::chrono::seconds(2));
  EXPECT_EQ(policy.faults[1].abort->status, 503);
  EXPECT_EQ(policy.faults[1].abort->grpc_status, GrpcStatus::unavailable);
  EXPECT_TRUE(policy.faults[2].reset);
}

TEST(FaultPolicy, EndsByItselfWithinADay) {
  const std::string rest = "targetRefs: [{name: a}], faults: [{percent: 1%, reset: true}]";
  EXPECT_EQ(errors_of_spec("{" + rest + "}").size(), 1U) << "no ttl";
  EXPECT_TRUE(errors_of_spec("{ttl: 1s, " + rest + "}").empty());
  EXPECT_TRUE(errors_of_spec("{ttl: 24h, " + rest + "}").empty());
  EXPECT_EQ(errors_of_spec("{ttl: 999ms, " + rest + "}").size(), 1U);
  EXPECT_EQ(errors_of_spec("{ttl: 25h, " + rest + "}").size(), 1U);
}

TEST(FaultPolicy, IsForServicesRoutesAndGateways) {
  const std::string rest = ", ttl: 1m, faults: [{percent: 1%, reset: true}]}";
  const auto errors = [&](const std::string& ref) {
    return errors_of_spec("{targetRefs: [" + ref + "]" + rest).size();
  };
  EXPECT_EQ(errors("{kind: HTTPRoute, name: r, sectionName: all}"), 0U);
  EXPECT_EQ(errors("{kind: Gateway, name: g, sectionName: web}"), 0U);
  EXPECT_EQ(errors("{kind: Service, name: a, sectionName: http}"), 0U);
  EXPECT_EQ(errors("{kind: HTTPRoute, name: r, sectionName: none}"), 1U);
  EXPECT_EQ(errors("{kind: Gateway, name: g, sectionName: none}"), 1U);
  EXPECT_EQ(errors("{kind: Gateway, name: none}"), 1U);
  EXPECT_EQ(errors("{name: none}"), 1U);
}

TEST(FaultPolicy, SaysHowOftenAndWhat) {
  EXPECT_EQ(errors_of_fault("{reset: true}").size(), 1U) << "no percent";
  EXPECT_EQ(errors_of_fault("{percent: 10%}").size(), 1U) << "nothing goes wrong";
  EXPECT_EQ(errors_of_fault("{percent: 10%, abort: {}, reset: true}").size(), 1U);
  EXPECT_TRUE(errors_of_fault("{percent: 0%, delay: {fixed: 1s}, reset: true}").empty());
  EXPECT_TRUE(errors_of_fault("{percent: 100%, delay: {fixed: 1s}, abort: {}}").empty());
}

TEST(FaultPolicy, SaysOneWayHowLong) {
  EXPECT_EQ(errors_of_fault("{percent: 1%, delay: {}}").size(), 1U);
  EXPECT_EQ(errors_of_fault("{percent: 1%, delay: {min: 1s}}").size(), 1U);
  EXPECT_EQ(errors_of_fault("{percent: 1%, delay: {fixed: 1s, max: 2s}}").size(), 1U);
  EXPECT_EQ(errors_of_fault("{percent: 1%, delay: {min: 3s, max: 2s}}").size(), 1U);
  EXPECT_TRUE(errors_of_fault("{percent: 1%, delay: {min: 0s, max: 2s}}").empty());
}

TEST(FaultPolicy, AbortsWithAFailure) {
  EXPECT_EQ(errors_of_fault("{percent: 1%, abort: {status: 200}}").size(), 1U);
  EXPECT_TRUE(errors_of_fault("{percent: 1%, abort: {status: 418}}").empty());
}

}  // namespace
}  // namespace skiff
