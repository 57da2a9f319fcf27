#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string_view>
#include <vector>

#include "sidecar/codec/http2_client.h"
#include "tests/support/fake_client.h"
#include "tests/support/http2_backend.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"
#include "tests/support/scripted_transport.h"

namespace skiff {

// A connection to a backend that the test plays, and the exchanges on it.
class Http2ClientTest : public testing::Test, protected ConnectionOwner {
 protected:
  struct Call {
    Call() {
      exchange.request.method_name = "GET";
      exchange.request.target = "/a?b=c";
      exchange.request.authority = "shop";
      exchange.client_sink = &client;
      exchange.client_source = &client;
    }
    Exchange exchange;
    FakeClient client;
    RecordingReply reply;
  };

  void idle(Connection&) override { ++idles; }
  void gone(Connection&) override { is_gone = true; }
  void room_changed(Connection&) override { ++changes; }

  // Until nothing moves any more.
  void turn() {
    for (bool moved = true; moved;) {
      loop.refresh_now();
      loop.io().restart();
      loop.io().poll();
      moved = backend.exchange();
    }
  }
  void pass(Duration time) {
    clock.advance(time);
    loop.refresh_now();
    loop.run_due();
  }

  Call& start() {
    Call& made = *calls.emplace_back(std::make_unique<Call>());
    connection->start(made.exchange, made.reply);
    return made;
  }
  Call& post(BodyKind kind = BodyKind::chunked, std::uint64_t length = 0) {
    Call& made = *calls.emplace_back(std::make_unique<Call>());
    made.exchange.request.method_name = "POST";
    made.exchange.request.method = Method::post;
    made.exchange.request.body = kind;
    made.exchange.request.content_length = length;
    connection->start(made.exchange, made.reply);
    return made;
  }
  Call& websocket(std::string_view protocol = "websocket") {
    Call& made = *calls.emplace_back(std::make_unique<Call>());
    Request& request = made.exchange.request;
    request.upgrade = protocol;
    request.headers.add(made.exchange.arena, "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    request.headers.add(made.exchange.arena, "Sec-WebSocket-Version", "13");
    connection->start(made.exchange, made.reply);
    return made;
  }

  ManualClock clock;
  Loop loop{1, &clock};
  Http2ClientSettings settings{.limits = {},
                               .http2 = {.stream_window = 65'535, .connection_window = 200'000}};
  ScriptedPeer wire;
  Http2Backend backend{wire};
  std::vector<std::unique_ptr<Call>> calls;
  std::unique_ptr<Connection> connection =
      make_http2_client(loop, ScriptedTransport::make(wire), settings, *this);
  int idles = 0;
  int changes = 0;
  bool is_gone = false;
};

}  // namespace skiff
