#include "sidecar/http/forwarding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skiff {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;
using testing::Not;

class Forwarding : public testing::Test {
 protected:
  Forwarding() {
    exchange.client_address = "10.0.0.9";
    request.authority = "shop.example";
  }

  void add(std::string_view name, std::string_view value) {
    request.headers.add(arena, name, value);
  }
  std::vector<std::string> forwarded(bool from) {
    add_forwarding_fields(from, own_identity, exchange, random);
    std::vector<std::string> lines;
    for (const Field& field : request.headers)
      lines.push_back(std::string(field.name()) + ": " + std::string(field.value()));
    return lines;
  }

  std::string own_identity;
  Random random{1};
  Exchange exchange;
  Arena& arena = exchange.arena;
  Request& request = exchange.request;
};

constexpr bool inside = false;
constexpr bool outside = true;
constexpr const char* new_id = "x-request-id: [0-9a-f]+";

TEST_F(Forwarding, KeepsWhatTheMeshSays) {
  for (const char* name : {"X-Request-Id", "X-Forwarded-For", "x-skiff-attempt", "Forwarded"})
    add(name, "v");
  EXPECT_THAT(forwarded(inside),
              ElementsAre("X-Request-Id: v", "X-Forwarded-For: v", "x-skiff-attempt: v",
                          "Forwarded: v", "via: 1.1 skiff"));
}

TEST_F(Forwarding, BelievesNoCertificateThatIsOnlyToldOf) {
  add("x-request-id", "v");
  add("X-Forwarded-Client-Cert", "URI=spiffe://a/evil");
  add("x-forwarded-client-cert", "URI=spiffe://a/evil");
  EXPECT_THAT(forwarded(inside), ElementsAre("x-request-id: v", "via: 1.1 skiff"));
}

TEST_F(Forwarding, TellsWhoHasProvedToCall) {
  add("x-request-id", "v");
  add("X-Forwarded-Client-Cert", "URI=spiffe://a/evil");
  exchange.client_identity = "spiffe://a/ns/shop/sa/order";
  own_identity = "spiffe://a/ns/shop/sa/user";
  EXPECT_THAT(forwarded(inside),
              ElementsAre("x-request-id: v",
                          "x-forwarded-client-cert: "
                          "By=spiffe://a/ns/shop/sa/user;URI=spiffe://a/ns/shop/sa/order",
                          "via: 1.1 skiff"));
}

TEST_F(Forwarding, TellsWhoCallsEvenWithoutANameOfItsOwn) {
  add("x-request-id", "v");
  exchange.client_identity = "spiffe://a/b";
  EXPECT_THAT(forwarded(inside),
              ElementsAre("x-request-id: v", "x-forwarded-client-cert: URI=spiffe://a/b",
                          "via: 1.1 skiff"));
}

TEST_F(Forwarding, SaysNothingOfBytes) {
  request.version = Version::bytes;
  EXPECT_THAT(forwarded(outside), ElementsAre());
}

TEST_F(Forwarding, MakesARequestIdWhereNoneCame) {
  const auto lines = forwarded(inside);
  EXPECT_THAT(lines, ElementsAre(MatchesRegex(new_id), "via: 1.1 skiff"));
  EXPECT_EQ(request.headers.find(FieldId::x_request_id)->value().size(), 32U);
}

TEST_F(Forwarding, MakesAnotherRequestIdEachTime) {
  const auto first = forwarded(inside).at(0);
  request.headers.clear();
  EXPECT_NE(forwarded(inside).at(0), first);
}

TEST_F(Forwarding, BelievesNothingAtAGateway) {
  for (const char* name :
       {"X-Skiff-Attempt", "x-skiff-deadline-ms", "X-Forwarded-Client-Cert", "X-Forwarded-Host",
        "X-Forwarded-Proto", "X-Forwarded-Port", "Forwarded", "X-Real-IP", "X-Request-Id"})
    add(name, "lie");
  add("X-Custom", "kept");
  EXPECT_THAT(
      forwarded(outside),
      ElementsAre("X-Custom: kept", "x-forwarded-for: 10.0.0.9", "x-forwarded-proto: http",
                  "x-forwarded-host: shop.example", MatchesRegex(new_id), "via: 1.1 skiff"));
}

TEST_F(Forwarding, AppendsTheClientToWhatItSaysOfThoseBeforeIt) {
  add("X-Forwarded-For", "1.1.1.1, 2.2.2.2");
  add("Accept", "*/*");
  add("X-Forwarded-For", "");
  add("x-forwarded-for", "3.3.3.3");
  forwarded(outside);
  EXPECT_EQ(request.headers.find(FieldId::x_forwarded_for)->value(),
            "1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9");
  EXPECT_EQ(request.headers.size(), 6U);
}

TEST_F(Forwarding, SaysNoHostWhereThereIsNone) {
  request.authority = {};
  EXPECT_THAT(forwarded(outside), Not(testing::Contains(testing::HasSubstr("-host"))));
}

TEST_F(Forwarding, SaysInViaWhichVersionCame) {
  request.version = Version::http_1_0;
  EXPECT_EQ(forwarded(inside).back(), "via: 1.0 skiff");
  request.version = Version::http_2;
  EXPECT_EQ(forwarded(inside).back(), "via: 2 skiff");
}

TEST_F(Forwarding, AddsLinesThatCanBeForwardedAsTheyStand) {
  forwarded(inside);
  for (const Field& field : request.headers) {
    ASSERT_TRUE(field.is_line);
    EXPECT_EQ(std::string_view(field.name_at, field.line_end()),
              std::string(field.name()) + ": " + std::string(field.value()) + "\r\n");
  }
}

}  // namespace
}  // namespace skiff
