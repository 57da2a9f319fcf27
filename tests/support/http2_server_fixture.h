#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sidecar/codec/server_connection.h"
#include "tests/support/fake_backends.h"
#include "tests/support/http2_frames.h"
#include "tests/support/http2_pair.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {

// A server of HTTP/2 before FakeBackends; its client is either a session or frames by hand.
class Http2ServerFixture : public testing::Test,
                           private ServerConnectionOwner,
                           private Http2SessionUser {
 protected:
  ~Http2ServerFixture() override {
    asked.clear();
    session.reset();
    connection.reset();
  }

  void connect() {
    connection = make_http2_server(*in_use, ScriptedTransport::make(wire), {"192.0.2.1"});
    turn();
  }

  // A client that speaks properly.
  void connect_client(const Http2Limits& limits = {}) {
    client_limits = limits;
    connect();
    session = std::make_unique<Http2Session>(
        loop, ScriptedTransport::make(client_wire),
        Http2Session::Settings{client_heads, client_limits, Http2Session::Side::client},
        static_cast<Http2SessionUser&>(*this));
    turn();
  }

  RecordedStream& ask(RecordedStream::Fields more = {}, bool ends = true,
                      std::string_view method = "GET") {
    asked.push_back(std::make_unique<RecordedStream>(*session, arena, true));
    RecordedStream& stream = *asked.back();
    RecordedStream::Fields all{
        {":method", method}, {":scheme", "http"}, {":path", "/a"}, {":authority", "shop"}};
    all.insert(all.end(), more.begin(), more.end());
    stream.send(all);
    if (ends) stream.ends();
    stream.flush_body();
    turn();
    return stream;
  }

  // Sends by hand, and says what came back.
  std::vector<Http2Frame> exchange(const std::string& bytes) {
    wire.sends(bytes);
    loop_turn();
    return http2_frames(wire.got());
  }

  void loop_turn() {
    loop.io().restart();
    loop.io().poll();
    if (is_closed) connection.reset();
  }

  // Until nothing moves any more.
  void turn() {
    for (bool moved = true; moved;) {
      loop_turn();
      if (session == nullptr) return;
      const std::string to_server = client_wire.got();
      const std::string to_client = wire.got();
      moved = !to_server.empty() || !to_client.empty();
      if (!to_server.empty() && !is_closed) wire.sends(to_server);
      if (!to_client.empty() && !client_over) client_wire.sends(to_client);
    }
  }

  void pass(Duration time) {
    using namespace std::chrono_literals;
    for (Duration gone{}; gone < time; gone += 10ms) {
      clock.advance(10ms);
      loop.run_due();
      turn();
    }
  }

  void closed(ServerConnection&) override { is_closed = true; }
  void refused(const Exchange&, ErrorKind kind) override { refusals.push_back(kind); }
  void over() override { client_over = true; }

  ManualClock clock;
  Loop loop{1, &clock};
  ServerSettings settings;
  FakeBackends backends;
  Exchanges exchanges;
  ServerContext context{loop, exchanges, settings, *this, backends};
  const ServerContext* in_use = &context;
  ScriptedPeer wire;
  std::unique_ptr<ServerConnection> connection;
  bool is_closed = false;
  std::vector<ErrorKind> refusals;

  Arena arena;
  ScriptedPeer client_wire;
  Http1Limits client_heads;
  Http2Limits client_limits;
  std::unique_ptr<Http2Session> session;
  std::vector<std::unique_ptr<RecordedStream>> asked;
  bool client_over = false;
};

}  // namespace skiff
