#include "sidecar/codec/http2_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "tests/support/http2_client_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST_F(Http2ClientTest, CarriesManyExchangesAtOnce) {
  for (int i = 0; i < 50; ++i) start();
  turn();
  ASSERT_EQ(backend.requests.size(), 50u);
  for (std::size_t i = 50; i-- > 0;)
    backend.answers(backend.requests[i].id, "200", std::to_string(i));
  turn();
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(calls[i]->client.body, std::to_string(i));
  EXPECT_EQ(idles, 50);
}

TEST_F(Http2ClientTest, RoomIsWhatTheBackendAllows) {
  EXPECT_EQ(connection->room(), 100u) << "before its SETTINGS";
  backend.settings({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3}});
  turn();
  EXPECT_EQ(connection->room(), 3u);
  EXPECT_EQ(changes, 1);
  start();
  start();
  EXPECT_EQ(connection->room(), 1u);
  turn();
  backend.answers(1, "200", "");
  turn();
  EXPECT_EQ(connection->room(), 2u);
  backend.settings({{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 0}});
  turn();
  EXPECT_EQ(connection->room(), 0u);
  EXPECT_FALSE(connection->closing) << "it may allow more again";
}

TEST_F(Http2ClientTest, LetsTheBackendSendOnlyWhatTheClientTakes) {
  Call& slow = start();
  Call& fast = start();
  slow.client.takes_more = false;
  turn();
  const std::string text(500'000, 'x');
  backend.head(1, "200");
  backend.gives(1, text, true);
  backend.head(3, "200");
  backend.gives(3, text, true);
  turn();
  EXPECT_EQ(slow.client.body.size(), 65'535u);
  EXPECT_EQ(fast.client.body, text) << "does not wait for the slow one";
  EXPECT_TRUE(fast.client.ended);
  slow.client.takes_more = true;
  slow.exchange.backend_source->resume();
  turn();
  EXPECT_EQ(slow.client.body, text);
  EXPECT_TRUE(slow.client.ended);
}

// What a few clients do not take must not use up what all share.
TEST_F(Http2ClientTest, ManySlowClientsDoNotStopAnother) {
  for (int i = 0; i < 30; ++i) start().client.takes_more = false;
  Call& fast = start();
  turn();
  const std::string text(500'000, 'x');
  for (std::size_t i = 0; i < 31; ++i) {
    const std::int32_t id = backend.requests.at(i).id;
    backend.head(id, "200");
    backend.gives(id, text, true);
  }
  turn();
  EXPECT_EQ(calls[0]->client.body.size(), 65'535u);
  EXPECT_EQ(fast.client.body, text);
}

TEST_F(Http2ClientTest, GivesBackTheWindowOfWhatIsGivenUp) {
  turn();
  const std::int32_t whole = backend.may_send(0);
  for (int i = 0; i < 20; ++i) {
    Call& call = start();
    call.client.takes_more = false;
    turn();
    backend.head(2 * i + 1, "200");
    backend.gives(2 * i + 1, std::string(60'000, 'x'));
    turn();
    call.exchange.pending->fail(call.exchange, {.kind = ErrorKind::client_gone});
    turn();
    EXPECT_EQ(backend.requests.back().reset, NGHTTP2_CANCEL);
  }
  EXPECT_GT(backend.may_send(0), whole / 2);
}

TEST_F(Http2ClientTest, AGoodbyeEndsWhatIsAboveItAndOnlyThat) {
  Call& below = start();
  Call& above = start();
  turn();
  backend.says_goaway(1);
  turn();
  EXPECT_EQ(connection->room(), 0u);
  EXPECT_TRUE(connection->closing);
  EXPECT_GT(changes, 0);
  ASSERT_EQ(above.reply.errors.size(), 1u);
  EXPECT_TRUE(above.reply.errors[0].unprocessed);
  EXPECT_FALSE(is_gone);
  backend.answers(1, "200", "x");
  turn();
  EXPECT_TRUE(below.client.ended);
  turn();
  EXPECT_TRUE(is_gone);
}

TEST_F(Http2ClientTest, ARequestThatAGoodbyeOvertakesIsUnprocessed) {
  turn();
  backend.says_goaway(0);
  const std::string goaway = backend.says();
  wire.takes_only(0);  // What the client sends stays with it.
  Call& call = start();
  loop.io().restart();
  loop.io().poll();
  wire.sends(goaway);
  loop.io().restart();
  loop.io().poll();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_TRUE(call.reply.errors[0].unprocessed);
}

TEST_F(Http2ClientTest, ALostConnectionFailsAllThatItCarries) {
  Call& waiting = start();
  Call& answered = start();
  turn();
  backend.head(3, "200");
  backend.gives(3, "part");
  turn();
  wire.resets();
  turn();
  EXPECT_TRUE(is_gone);
  ASSERT_EQ(waiting.reply.errors.size(), 1u);
  EXPECT_EQ(waiting.reply.errors[0].kind, ErrorKind::upstream_reset);
  EXPECT_FALSE(waiting.reply.errors[0].unprocessed) << "it may have been read";
  EXPECT_EQ(answered.client.aborted_with, ErrorKind::upstream_reset);
}

TEST_F(Http2ClientTest, WhatWasNeverWrittenIsUnprocessedWhenTheConnectionIsLost) {
  turn();
  wire.takes_only(0);
  Call& call = start();
  loop.io().restart();
  loop.io().poll();
  wire.resets();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_TRUE(call.reply.errors[0].unprocessed);
}

TEST_F(Http2ClientTest, AnEndThatCrossesTheRequestIsUnprocessed) {
  turn();
  Call& call = start();
  loop.io().restart();
  loop.io().poll();
  wire.ends();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_TRUE(call.reply.errors[0].unprocessed) << "its kernel acknowledged nothing";
}

TEST_F(Http2ClientTest, SaysWhenASilentConnectionBrokeUnderItsLaterRequest) {
  start();
  turn();
  backend.answers(1, "200", "x");
  turn();
  clock.advance(1s);
  turn();
  Call& second = start();
  loop.io().restart();
  loop.io().poll();
  wire.got();
  wire.resets();
  ASSERT_EQ(second.reply.errors.size(), 1u);
  EXPECT_TRUE(second.reply.errors[0].reused);
}

TEST_F(Http2ClientTest, AsksABackendThatSaysNothingAndTakesItForLost) {
  Call& call = start();
  turn();
  pass(9s);
  turn();
  EXPECT_EQ(backend.pings, 0);
  pass(2s);
  turn();
  EXPECT_EQ(backend.pings, 1);
  pass(6s);
  turn();
  EXPECT_FALSE(is_gone) << "it has answered";
  pass(5min);
  loop.io().restart();
  loop.io().poll();
  wire.got();  // This time it does not.
  EXPECT_TRUE(call.reply.errors.empty());
  pass(16s);
  pass(6s);
  loop.io().restart();
  loop.io().poll();
  EXPECT_TRUE(is_gone);
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::upstream_reset);
}

TEST_F(Http2ClientTest, DoesNotPesterASilentBackend) {
  start();
  turn();
  for (int second = 0; second < 300; ++second) {
    pass(1s);
    turn();
  }
  EXPECT_EQ(backend.pings, 1);
}

TEST_F(Http2ClientTest, AsksNothingWhileItCarriesNothing) {
  turn();
  pass(1h);
  turn();
  EXPECT_EQ(backend.pings, 0);
  EXPECT_GT(wire.rests, 0);
}

TEST_F(Http2ClientTest, AnOldConnectionTakesNoMoreAndEndsAfterItsLastExchange) {
  settings.connection_age = 10s;
  ScriptedPeer second_wire;
  Http2Backend second(second_wire);
  connection = make_http2_client(loop, ScriptedTransport::make(second_wire), settings, *this);
  Call& call = start();
  loop.io().restart();
  loop.io().poll();
  second.exchange();
  pass(8s);
  EXPECT_GT(connection->room(), 0u);
  changes = 0;
  pass(4s);
  EXPECT_EQ(connection->room(), 0u);
  EXPECT_TRUE(connection->closing);
  EXPECT_EQ(changes, 1);
  second.answers(1, "200", "x");
  for (int i = 0; i < 3; ++i) {
    second.exchange();
    loop.io().restart();
    loop.io().poll();
  }
  EXPECT_TRUE(call.client.ended);
  EXPECT_TRUE(is_gone);
  EXPECT_EQ(second.goaway, NGHTTP2_NO_ERROR);
  connection.reset();
}

TEST_F(Http2ClientTest, RetiredItGoesAtOnceWhereItCarriesNothing) {
  turn();
  connection->retire();
  EXPECT_TRUE(is_gone);
  EXPECT_TRUE(wire.closed());
}

TEST_F(Http2ClientTest, SeesThatTheBackendHasClosed) {
  turn();
  EXPECT_TRUE(connection->still_open());
  wire.resets_unseen();
  EXPECT_FALSE(connection->still_open());
  EXPECT_TRUE(is_gone);
}

TEST_F(Http2ClientTest, EndsAConnectionOfVainFrames) {
  start();
  turn();
  for (int i = 0; i < 3'000; ++i) backend.settings();
  turn();
  EXPECT_TRUE(is_gone);
  EXPECT_EQ(calls[0]->reply.errors.size(), 1u);
}

// The pool opens another as soon as there is no room.
TEST_F(Http2ClientTest, TakesNoMoreWhenTheNumbersOfStreamsAreUsedUp) {
  ScriptedPeer its_wire;
  Http2Backend its_backend(its_wire);
  settings.first_stream = 0x7fff'fffd;
  connection = make_http2_client(loop, ScriptedTransport::make(its_wire), settings, *this);
  is_gone = false;
  const auto move = [&] {
    do {
      loop.io().restart();
      loop.io().poll();
    } while (its_backend.exchange());
  };
  start();
  move();
  EXPECT_GT(connection->room(), 0U);
  Call& last = start();
  Call& beyond = start();
  move();
  EXPECT_EQ(connection->room(), 0U);
  ASSERT_EQ(beyond.reply.errors.size(), 1U);
  EXPECT_TRUE(beyond.reply.errors[0].unprocessed) << "may go to the next";
  EXPECT_FALSE(is_gone) << "two are in flight";
  its_backend.answers(0x7fff'fffd, "200", "");
  its_backend.answers(0x7fff'ffff, "200", "");
  move();
  EXPECT_EQ(last.reply.status, 200);
  EXPECT_TRUE(connection->closing);
  EXPECT_TRUE(is_gone);
  connection.reset();
}

TEST_F(Http2ClientTest, AWebSocketWaitsForTheBackendsSettings) {
  Call& call = websocket();
  loop.io().restart();
  loop.io().poll();
  EXPECT_TRUE(call.reply.errors.empty());
  backend.settings({{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}});
  turn();
  auto& fields = backend.requests.at(0).fields;
  EXPECT_EQ(fields[":method"], "CONNECT");
  EXPECT_EQ(fields[":protocol"], "websocket");
  EXPECT_EQ(fields["sec-websocket-version"], "13");
  EXPECT_FALSE(fields.contains("sec-websocket-key"));
  EXPECT_FALSE(backend.requests[0].ended);

  backend.head(1, "200");
  turn();
  EXPECT_EQ(call.reply.status, 101);
  EXPECT_EQ(call.reply.upgrade, "websocket");
  EXPECT_THAT(call.reply.fields, HasSubstr("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"))
      << "RFC 6455, 1.3";
  call.exchange.backend_sink->data("ping");
  EXPECT_TRUE(call.exchange.backend_sink->flush());
  turn();
  EXPECT_EQ(backend.requests[0].body, "ping");
  backend.gives(1, "pong", true);
  turn();
  EXPECT_EQ(call.client.body, "pong");
  EXPECT_TRUE(call.client.ended);
}

TEST_F(Http2ClientTest, AnyProtocolMayBeAskedFor) {
  Call& call = websocket("chat/2");
  backend.settings({{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}});
  turn();
  EXPECT_EQ(backend.requests.at(0).fields[":protocol"], "chat/2");
  backend.answers(1, "501", "no");
  turn();
  EXPECT_EQ(call.reply.status, 501);
  EXPECT_EQ(call.client.body, "no");
}

TEST_F(Http2ClientTest, RefusesUpgradesThatCannotCross) {
  Call& call = websocket();
  backend.settings();
  turn();
  ASSERT_EQ(call.reply.errors.size(), 1u);
  EXPECT_EQ(call.reply.errors[0].kind, ErrorKind::upgrade_unsupported);
  EXPECT_TRUE(backend.requests.empty());
  EXPECT_FALSE(is_gone);
  websocket();
  EXPECT_EQ(calls.back()->reply.errors.size(), 1u) << "now it is known";
}

TEST_F(Http2ClientTest, AWebSocketThatGoesAwayWhileItWaitsIsForgotten) {
  Call& call = websocket();
  call.exchange.pending->fail(call.exchange, {.kind = ErrorKind::client_gone});
  backend.settings({{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1}});
  turn();
  EXPECT_TRUE(backend.requests.empty());
}

// ---- Everything that can happen, in any order

// A connection, its far end, and what its owner was told.
class Link final : public ConnectionOwner {
 public:
  Link(Loop& loop, const Http2ClientSettings& settings)
      : connection(make_http2_client(loop, ScriptedTransport::make(wire), settings, *this)) {}

  void idle(Connection&) override { ++ended; }
  void gone(Connection&) override { is_gone = true; }

  ScriptedPeer wire;
  Http2Backend backend{wire};
  std::unique_ptr<Connection> connection;
  std::uint32_t ended = 0;
  bool is_gone = false;
};

class Http2ClientChance : public testing::Test {
 protected:
  struct Call {
    Exchange exchange;
    FakeClient client;
    RecordingReply reply;

    int ends() const {
      return static_cast<int>(reply.errors.size()) + client.ended +
             (client.aborted_with != ErrorKind::none);
    }
  };

  // What is still under way: its clients go.
  void TearDown() override {
    for (const auto& call : calls) {
      Exchange& exchange = call->exchange;
      if (exchange.pending == nullptr) continue;
      exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
    }
  }

  Call* any_call() { return calls.empty() ? nullptr : calls[random.below(calls.size())].get(); }

  std::int32_t any_stream() {
    auto& requests = link->backend.requests;
    return requests.empty() ? 0 : requests[random.below(requests.size())].id;
  }
  void start();
  void act_as_client();
  void act_as_backend();
  void act_as_network();

  void turn() {
    loop.io().restart();
    loop.io().poll();
    if (random.below(3) != 0) link->backend.exchange();
  }
  void check();
  void replace_link();

  ManualClock clock;
  Loop loop{1, &clock};
  Http2ClientSettings settings{.limits = {},
                               .http2 = {.stream_window = 65'535, .connection_window = 200'000}};
  Random random{11};
  std::vector<std::unique_ptr<Call>> calls;
  std::unique_ptr<Link> link = std::make_unique<Link>(loop, settings);
  std::size_t whole = 0;
  std::size_t cut = 0;
  std::size_t failed = 0;
  std::size_t tunnels = 0;
  int links = 0;
};

void Http2ClientChance::start() {
  if (link->connection->room() == 0) return;
  Call& call = *calls.emplace_back(std::make_unique<Call>());
  Exchange& exchange = call.exchange;
  exchange.client_sink = &call.client;
  exchange.client_source = &call.client;
  Request& request = exchange.request;
  request.method_name = "POST";
  request.method = Method::post;
  request.target = "/";
  request.authority = "shop";
  if (random.below(2) == 0) request.body = BodyKind::chunked;
  if (random.below(8) == 0) request.upgrade = "websocket";
  call.client.takes_more = random.below(4) != 0;
  link->connection->start(exchange, call.reply);
}

void Http2ClientChance::act_as_client() {
  Call* const call = any_call();
  if (call == nullptr || call->exchange.pending == nullptr) return;
  Exchange& exchange = call->exchange;
  const std::string bytes(random.below(50'000), 'x');
  switch (random.below(5)) {
    case 0:
      exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
      break;
    case 1:
      call->client.takes_more = true;
      if (exchange.backend_source != nullptr) exchange.backend_source->resume();
      break;
    default:
      if (exchange.backend_sink == nullptr || exchange.request_ended) return;
      exchange.backend_sink->data(bytes);
      if (random.below(3) == 0 && exchange.request.body == BodyKind::chunked) {
        exchange.request_ended = true;
        exchange.backend_sink->end({});
      }
      exchange.backend_sink->flush();
  }
}

void Http2ClientChance::act_as_backend() {
  const std::int32_t id = any_stream();
  if (id == 0) return;
  Http2Backend& backend = link->backend;
  const bool ends = random.below(2) == 0;
  switch (random.below(9)) {
    case 0:
      return backend.head(id, "103");
    case 1:
    case 2:
      return backend.head(id, "200", {{"content-length", "3"}}, random.below(8) == 0);
    case 3:
      return backend.head(id, "200");
    case 4:
      return backend.gives(id, ends ? "abc" : std::string(30'000, 'y'), ends);
    case 5:
      return backend.takes(id, 10'000);
    case 6:
      return backend.resets(id, static_cast<std::uint32_t>(random.below(13)));
    case 7:
      return backend.answers(id, "200", "abc");
    default:
      if (random.below(20) == 0) backend.says_goaway(any_stream());
  }
}

void Http2ClientChance::act_as_network() {
  switch (random.below(8)) {
    case 0:
      return link->wire.takes_only(random.below(2'000));
    case 1:
    case 2:
      return link->wire.takes_all();
    case 3:
      if (random.below(30) == 0) link->wire.resets();
      break;
    case 4:
      if (random.below(30) == 0) link->wire.ends();
      break;
    case 5:
      if (random.below(30) == 0) link->connection->retire();
      break;
    default:
      clock.advance(std::chrono::milliseconds(random.below(3'000)));
      loop.refresh_now();
      loop.run_due();
  }
}

// Whose connection is gone, or who was answered, is over by exactly one end.
void Http2ClientChance::check() {
  std::uint32_t under_way = 0;
  for (const auto& call : calls) {
    ASSERT_LE(call->ends(), 1);
    ASSERT_EQ(call->ends() == 0, call->exchange.pending != nullptr);
    under_way += call->exchange.pending != nullptr;
  }
  ASSERT_EQ(link->connection->exchanges - link->ended, under_way);
  if (link->is_gone) {
    ASSERT_EQ(under_way, 0u);
  }
}

void Http2ClientChance::replace_link() {
  for (const auto& call : calls) {
    whole += call->client.ended;
    cut += call->client.aborted_with != ErrorKind::none;
    failed += !call->reply.errors.empty();
    tunnels += call->reply.status == 101;
  }
  calls.clear();
  ++links;
  link = std::make_unique<Link>(loop, settings);
  if (random.below(2) == 0)
    link->backend.settings({{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
                            {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 10}});
}

TEST_F(Http2ClientChance, EveryExchangeEndsOnce) {
  for (int i = 0; i < 60'000; ++i) {
    switch (random.below(4)) {
      case 0:
        start();
        break;
      case 1:
        act_as_client();
        break;
      case 2:
        act_as_backend();
        break;
      default:
        act_as_network();
    }
    turn();
    check();
    if (HasFatalFailure()) FAIL() << "in step " << i;
    if (link->is_gone) replace_link();
  }
  EXPECT_GT(links, 20);
  EXPECT_GT(whole, 500u);
  EXPECT_GT(cut, 500u);
  EXPECT_GT(failed, 500u);
  EXPECT_GT(tunnels, 20u);
}

}  // namespace
}  // namespace skiff
