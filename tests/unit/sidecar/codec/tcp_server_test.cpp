#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sidecar/codec/server_connection.h"
#include "sidecar/codec/tcp_client.h"
#include "tests/support/fake_backend.h"
#include "tests/support/manual_clock.h"
#include "tests/support/rescue.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// Notes how each exchange ended, and what was asked.
class Watch final : public Forwarder {
 public:
  explicit Watch(Forwarder& inner) : inner_(&inner) {}

  void lead_to(Forwarder& inner) { inner_ = &inner; }

  void forward(Exchange& exchange, Reply& reply) override {
    version = exchange.request.version;
    scheme = exchange.request.scheme;
    authority = exchange.request.authority;
    client = exchange.client_address;
    destination = exchange.destination;
    identity = exchange.client_identity;
    exchange.at_end(*exchange.arena.make<Hook>(*this));
    inner_->forward(exchange, reply);
  }

  Version version = Version::http_1_1;
  std::string scheme;
  std::string authority;
  std::string client;
  std::string destination;
  std::string identity;
  std::vector<Marks> ended;
  std::vector<ErrorKind> errors;

 private:
  class Hook final : public EndHook {
   public:
    explicit Hook(Watch& watch) : watch_(watch) {}
    void ended(Exchange& exchange, const Error& error) override {
      watch_.ended.push_back(exchange.marks);
      watch_.errors.push_back(error.kind);
    }

   private:
    Watch& watch_;
  };

  Forwarder* inner_;
};

class TcpServerTest : public testing::Test, private ServerConnectionOwner, private ConnectionOwner {
 protected:
  // Leads to the other half of a relay.
  class Way final : public Forwarder {
   public:
    explicit Way(std::unique_ptr<Connection>& other) : other_(other) {}
    void forward(Exchange& exchange, Reply& reply) override { other_->start(exchange, reply); }

   private:
    std::unique_ptr<Connection>& other_;
  };

  ~TcpServerTest() override { connection.reset(); }

  void connect() {
    connection = make_tcp_server(context, ScriptedTransport::make(client),
                                 {"192.0.2.1", "10.0.0.7:5432"}, "db.shop");
    turn();
  }

  void relay() {
    other = make_tcp_client(loop, ScriptedTransport::make(server), *this);
    watch.lead_to(way);
    connect();
  }

  void turn() {
    loop.io().restart();
    loop.io().poll();
    if (closes > 0) connection.reset();
  }

  void pass(Duration time) {
    for (Duration gone{}; gone < time; gone += 100ms) {
      clock.advance(100ms);
      loop.run_due();
      turn();
    }
  }

  void closed(ServerConnection&) override { ++closes; }
  void refused(const Exchange&, ErrorKind) override { ADD_FAILURE() << "nothing to refuse"; }

  void idle(Connection&) override { ADD_FAILURE() << "it is for one exchange"; }
  void gone(Connection&) override { ++gones; }

  Error only_error() {
    EXPECT_EQ(watch.errors.size(), 1u);
    return {.kind = watch.errors.empty() ? ErrorKind::internal : watch.errors[0]};
  }

  ManualClock clock;
  Loop loop{1, &clock};
  ServerSettings settings;
  FakeBackend backend;
  ScriptedPeer server;  // Behind a relay.
  std::unique_ptr<Connection> other;
  Way way{other};
  Watch watch{backend};
  Exchanges exchanges;
  ServerContext context{loop, exchanges, settings, *this, watch};
  ScriptedPeer client;
  std::unique_ptr<ServerConnection> connection;
  int closes = 0;
  int gones = 0;
};

TEST_F(TcpServerTest, IsOneExchangeWithoutAMessage) {
  client.identity = "spiffe://mesh/ns/default/sa/order";
  connect();
  EXPECT_EQ(watch.version, Version::bytes);
  EXPECT_EQ(watch.scheme, "tls");
  EXPECT_EQ(watch.authority, "db.shop");
  EXPECT_EQ(watch.client, "192.0.2.1");
  EXPECT_EQ(watch.destination, "10.0.0.7:5432");
  EXPECT_EQ(watch.identity, "spiffe://mesh/ns/default/sa/order");
  EXPECT_EQ(client.got(), "");
}

TEST_F(TcpServerTest, ReadsNothingBeforeThereIsABackend) {
  connect();
  client.sends("hello");
  EXPECT_EQ(backend.body, "");
  EXPECT_TRUE(backend.exchange().replay.complete);
  backend.begin_answer(200, BodyKind::tunnel);
  turn();
  EXPECT_EQ(backend.body, "hello");
  EXPECT_EQ(client.got(), "") << "no head is written";
}

TEST_F(TcpServerTest, LetsTheServerSpeakFirst) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  EXPECT_TRUE(backend.gives("220 ready\r\n"));
  EXPECT_EQ(client.got(), "220 ready\r\n");
}

TEST_F(TcpServerTest, PassesAnEndOnAndGoesOn) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  client.sends("all");
  client.ends();
  EXPECT_EQ(backend.body, "all");
  EXPECT_TRUE(backend.body_ended);
  EXPECT_FALSE(client.sees_end());
  backend.gives("sum");
  backend.ends();
  EXPECT_EQ(client.got(), "sum");
  EXPECT_TRUE(client.sees_end());
  EXPECT_FALSE(client.was_reset());
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(only_error().kind, ErrorKind::none);
  EXPECT_EQ(watch.ended[0].status, 200);
  EXPECT_EQ(watch.ended[0].request_bytes, 3u);
  EXPECT_EQ(watch.ended[0].response_bytes, 3u);
}

TEST_F(TcpServerTest, EndsBehindTheLastByteOfASlowClient) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  client.ends();
  client.takes_only(1);
  EXPECT_FALSE(backend.gives("abc"));
  backend.ends();
  EXPECT_FALSE(client.sees_end());
  EXPECT_EQ(closes, 0);
  client.takes_all();
  EXPECT_EQ(client.got(), "abc");
  EXPECT_TRUE(client.sees_end());
  EXPECT_EQ(closes, 1);
}

TEST_F(TcpServerTest, WhatTakesTooLongMayGoOnElsewhere) {
  FakeBackend elsewhere;
  Rescue rescue(backend, &elsewhere);
  watch.lead_to(rescue);
  settings.stream_idle = 1s;
  connect();
  pass(1100ms);
  EXPECT_EQ(backend.failed_with, ErrorKind::timeout_stream_idle);
  ASSERT_TRUE(elsewhere.has_exchange()) << "and has its own time";
  pass(800ms);
  elsewhere.begin_answer(200, BodyKind::tunnel);
  turn();
  elsewhere.gives("hello");
  EXPECT_EQ(client.got(), "hello");
  client.ends();
  elsewhere.ends();
  EXPECT_EQ(only_error().kind, ErrorKind::none);
}

TEST_F(TcpServerTest, StopsReadingWhileTheBackendTakesNoMore) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  backend.takes_more = false;
  client.sends("a");
  client.sends("b");
  EXPECT_EQ(backend.body, "a");
  backend.takes_more = true;
  backend.exchange().client_source->resume();
  turn();
  EXPECT_EQ(backend.body, "ab");
}

TEST_F(TcpServerTest, AsksTheBackendForMoreWhenTheClientTakesMore) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  client.takes_only(1);
  EXPECT_FALSE(backend.gives("ab"));
  EXPECT_EQ(backend.resumed, 0);
  client.takes_all();
  EXPECT_EQ(backend.resumed, 1);
}

TEST_F(TcpServerTest, ResetsTheClientWhereThereIsNoBackend) {
  connect();
  backend.breaks({.kind = ErrorKind::connect_failed, .unprocessed = true});
  EXPECT_TRUE(client.was_reset());
  EXPECT_TRUE(client.closed());
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(only_error().kind, ErrorKind::connect_failed);
  EXPECT_EQ(watch.ended[0].reason, ErrorKind::connect_failed);
}

TEST_F(TcpServerTest, ResetsTheClientWhereTheBackendBroke) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  backend.gives("half");
  backend.breaks({.kind = ErrorKind::upstream_reset});
  EXPECT_EQ(client.got(), "half");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(only_error().kind, ErrorKind::upstream_reset);
  EXPECT_EQ(watch.ended[0].status, 200);
}

TEST_F(TcpServerTest, TellsTheBackendThatTheClientBroke) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  client.resets();
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(only_error().kind, ErrorKind::client_gone);
}

TEST_F(TcpServerTest, GivesUpTheWayToTheBackendWhenTheClientHasGone) {
  connect();
  client.resets();
  EXPECT_EQ(backend.failed_with, ErrorKind::client_gone);
  EXPECT_EQ(watch.ended[0].status, 499);
  EXPECT_EQ(closes, 1);
}

TEST_F(TcpServerTest, AnEndBeforeThereIsABackendIsPassedOnLater) {
  connect();
  client.ends();
  EXPECT_FALSE(backend.body_ended);
  backend.begin_answer(200, BodyKind::tunnel);
  turn();
  EXPECT_TRUE(backend.body_ended);
}

TEST_F(TcpServerTest, EndsWhenNoByteMoves) {
  settings.stream_idle = 10s;
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  pass(9s);
  backend.gives("x");
  pass(9s);
  client.sends("y");
  pass(9s);
  EXPECT_EQ(closes, 0);
  pass(2s);
  EXPECT_EQ(closes, 1);
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(backend.failed_with, ErrorKind::timeout_stream_idle);
}

TEST_F(TcpServerTest, TheTimeForARequestIsForFindingABackendOnly) {
  backend.request_limit = 3s;
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  pass(5s);
  EXPECT_EQ(closes, 0);
}

TEST_F(TcpServerTest, FindingABackendMayTakeOnlySoLong) {
  backend.request_limit = 3s;
  connect();
  pass(4s);
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(only_error().kind, ErrorKind::timeout_request);
}

TEST_F(TcpServerTest, StaysWhileItDrainsAndIsCutAtLast) {
  connect();
  backend.begin_answer(200, BodyKind::tunnel);
  connection->drain();
  pass(5s);
  EXPECT_TRUE(backend.gives("still here"));
  EXPECT_EQ(client.got(), "still here");
  connection->cut();
  EXPECT_EQ(closes, 1);
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(only_error().kind, ErrorKind::draining);
}

TEST_F(TcpServerTest, MayBeCutBeforeItBegins) {
  connection = make_tcp_server(context, ScriptedTransport::make(client), {"192.0.2.1"}, "");
  connection->cut();
  EXPECT_EQ(closes, 1);
  turn();
  EXPECT_EQ(backend.requests, 0);
}

TEST_F(TcpServerTest, AnAnswerInHttpIsNotForIt) {
  connect();
  backend.answers(301, "elsewhere");
  EXPECT_EQ(client.got(), "");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(watch.ended[0].status, 301);
}

TEST_F(TcpServerTest, EndsOnceBothDirectionsHave) {
  relay();
  server.sends("a");
  server.ends();
  EXPECT_EQ(client.got(), "a");
  EXPECT_TRUE(client.sees_end());
  client.sends("b");
  EXPECT_EQ(server.got(), "b");
  client.ends();
  EXPECT_TRUE(server.sees_end());
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(gones, 1);
  EXPECT_EQ(watch.errors, std::vector{ErrorKind::none});
}

TEST_F(TcpServerTest, WaitsForASlowServerWhenBothHaveEnded) {
  relay();
  server.takes_only(1);
  client.sends("abc");
  server.ends();
  client.ends();
  turn();
  EXPECT_EQ(closes, 0);
  server.takes_all();
  turn();
  turn();
  EXPECT_EQ(server.got(), "abc");
  EXPECT_TRUE(server.sees_end());
  EXPECT_FALSE(server.was_reset());
  EXPECT_EQ(closes, 1);
}

TEST_F(TcpServerTest, WaitsForASlowClientWhenBothHaveEnded) {
  relay();
  client.takes_only(1);
  client.ends();
  server.sends("abc");
  server.ends();
  EXPECT_EQ(closes, 0);
  client.takes_all();
  turn();
  EXPECT_EQ(client.got(), "abc");
  EXPECT_TRUE(client.sees_end());
  EXPECT_FALSE(client.was_reset());
  EXPECT_EQ(closes, 1);
}

TEST_F(TcpServerTest, CarriesMuchBothWaysWithLittleRoom) {
  relay();
  const std::string much(3'000'000, 'x');
  std::string to_server;
  std::string to_client;
  server.sends(much);
  client.sends(much);
  server.ends();
  client.ends();
  for (int i = 0; i < 2'000 && closes == 0; ++i) {
    server.takes_only(10'007);
    client.takes_only(70'001);
    server.takes_some();
    client.takes_some();
    to_server += server.got();
    to_client += client.got();
    turn();
  }
  EXPECT_TRUE(to_server == much);
  EXPECT_TRUE(to_client == much);
  EXPECT_EQ(closes, 1);
}

TEST_F(TcpServerTest, ABreakFoundWhileWritingGoesBothWays) {
  relay();
  client.resets_unseen();
  server.sends("for nobody");
  EXPECT_TRUE(server.was_reset());
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(gones, 1);
  EXPECT_EQ(watch.errors, std::vector{ErrorKind::client_gone});
}

TEST_F(TcpServerTest, ABackendsBreakFoundWhileWritingGoesBothWays) {
  relay();
  server.resets_unseen();
  client.sends("for nobody");
  EXPECT_TRUE(client.was_reset());
  EXPECT_EQ(closes, 1);
  EXPECT_EQ(gones, 1);
  EXPECT_EQ(watch.errors, std::vector{ErrorKind::upstream_reset});
}

}  // namespace
}  // namespace skiff
