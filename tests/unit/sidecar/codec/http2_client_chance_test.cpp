#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "sidecar/codec/http2_client.h"
#include "tests/support/fake_client.h"
#include "tests/support/http2_backend.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_transport.h"

// Everything that can happen to exchanges on connections to a backend, in any order.

namespace skiff {
namespace {

using namespace std::chrono_literals;

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

  Call* any_call() { return calls.empty() ? nullptr : calls[random.below(calls.size())].get(); }

  std::int32_t any_stream() {
    auto& requests = link->backend.requests;
    return requests.empty() ? 0 : requests[random.below(requests.size())].id;
  }

  void start() {
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

  void act_as_client() {
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

  void act_as_backend() {
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

  void act_as_network() {
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

  void turn() {
    loop.io().restart();
    loop.io().poll();
    if (random.below(3) != 0) link->backend.exchange();
  }

  // Whose connection is gone, or who was answered, is over by exactly one end.
  void check() {
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

  void replace_link() {
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
