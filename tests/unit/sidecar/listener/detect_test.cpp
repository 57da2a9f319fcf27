#include "sidecar/listener/detect.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/support/made_client_hello.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class DetectTest : public testing::Test, private Detection::Done {
 protected:
  void begin() {
    detection = begin_detection(loop, *transport, settings, *this);
    EXPECT_FALSE(found.has_value()) << "not within the call";
    turn();
  }

  void turn() {
    loop.io().restart();
    loop.io().poll();
  }

  void pass(Duration time) {
    for (Duration gone{}; gone < time; gone += 10ms) {
      clock.advance(10ms);
      loop.run_due();
    }
  }

  void detected(const Detected& told) override {
    EXPECT_FALSE(found.has_value()) << "told twice";
    detection.reset();
    found = told;
  }

  std::string unread() {
    std::string bytes(100'000, '\0');
    bytes.resize(transport->receive(bytes.data(), bytes.size()).size);
    return bytes;
  }

  ManualClock clock;
  Loop loop{1, &clock};
  ScriptedPeer client;
  TransportPtr transport = ScriptedTransport::make(client);
  DetectionSettings settings;
  std::unique_ptr<Detection> detection;
  std::optional<Detected> found;
};

TEST_F(DetectTest, SeesWhatHasComeAlreadyAndTakesNothing) {
  client.sends("GET / HTTP/1.1\r\n");
  begin();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::http1);
  EXPECT_TRUE(found->in_time);
  EXPECT_EQ(unread(), "GET / HTTP/1.1\r\n");
}

TEST_F(DetectTest, WaitsForTheBytesThatDecide) {
  begin();
  for (const char byte : std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) {
    EXPECT_FALSE(found.has_value());
    client.sends({&byte, 1});
  }
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::http2);
}

TEST_F(DetectTest, ASilentClientIsUnknownAfterTheLimit) {
  begin();
  pass(90ms);
  EXPECT_FALSE(found.has_value());
  pass(30ms);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::unknown);
  EXPECT_FALSE(found->in_time);
}

TEST_F(DetectTest, WhatSaysTooLittleIsUnknownAfterTheLimit) {
  begin();
  client.sends("GE");
  pass(120ms);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::unknown);
  EXPECT_FALSE(found->in_time);
  EXPECT_EQ(unread(), "GE");
}

TEST_F(DetectTest, WaitsForNothingWhereTheServerSpeaksFirst) {
  settings.port = 3306;
  begin();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::unknown);
  EXPECT_TRUE(found->in_time);
}

TEST_F(DetectTest, AnEndIsForWhoeverTakesIt) {
  begin();
  client.ends();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::unknown);
  EXPECT_TRUE(found->in_time);
}

TEST_F(DetectTest, ABreakIsForWhoeverTakesIt) {
  begin();
  client.resets();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::unknown);
}

TEST_F(DetectTest, ReadsAClientHelloThatComesInManySegments) {
  const std::string bytes =
      hello::made_client_hello(hello::server_name("db.shop") + hello::alpn({"skiff-mesh"}));
  begin();
  for (std::size_t at = 0; at < bytes.size(); at += 5) {
    EXPECT_FALSE(found.has_value());
    pass(20ms);
    client.sends(std::string_view(bytes).substr(at, 5));
  }
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::tls);
  EXPECT_EQ(found->hello.status, ClientHello::Status::done);
  EXPECT_EQ(found->hello.server_name, "db.shop");
  EXPECT_EQ(found->hello.protocols, std::vector<std::string>{"skiff-mesh"});
  EXPECT_EQ(unread(), bytes);
}

TEST_F(DetectTest, AMalformedClientHelloIsStillTls) {
  begin();
  client.sends(hello::made_client_hello(hello::server_name("a") + hello::server_name("b")));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::tls);
  EXPECT_EQ(found->hello.status, ClientHello::Status::bad);
}

TEST_F(DetectTest, GivesAClientHelloTheTimeOfAHandshake) {
  begin();
  client.sends(hello::made_client_hello("").substr(0, 20));
  pass(4'900ms);
  EXPECT_FALSE(found.has_value());
  pass(200ms);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::tls);
  EXPECT_FALSE(found->in_time);
  EXPECT_EQ(found->hello.status, ClientHello::Status::more);
}

TEST_F(DetectTest, OneByteOfTlsIsNotTakenForBytes) {
  begin();
  client.sends("\x16");
  pass(4'900ms);
  EXPECT_FALSE(found.has_value());
  client.sends(hello::made_client_hello("").substr(1));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::tls);
  EXPECT_TRUE(found->in_time);
}

TEST_F(DetectTest, WhatOnlyBeganAsTlsIsUnknownAtOnce) {
  begin();
  client.sends("\x16");
  pass(200ms);
  client.sends("\x16");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->what, Sniffed::unknown);
}

TEST_F(DetectTest, MayBeEnded) {
  begin();
  detection.reset();
  pass(200ms);
  turn();
  EXPECT_FALSE(found.has_value());
}

}  // namespace
}  // namespace skiff
