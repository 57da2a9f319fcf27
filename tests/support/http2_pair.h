#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/codec/http2_session.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {

// A stream that keeps what it is told.
class RecordedStream final : public Http2Stream {
 public:
  RecordedStream(Http2Session& session, Arena& arena, bool is_client)
      : Http2Stream(session, arena), is_client_(is_client), arena_(arena) {}

  using Http2Stream::flush_body;
  using Http2Stream::id;
  using Http2Stream::reset;
  using Http2Stream::send_body;
  using Http2Stream::taken;
  using Http2Stream::untaken;
  using Http2Stream::waiting;

  using Fields = std::vector<std::pair<std::string_view, std::string_view>>;

  void send(const Fields& fields) { send_head(submittable(fields)); }
  void send_early() { send_interim(submittable({{":status", "103"}})); }
  bool gives(std::string_view bytes) {
    send_body(bytes);
    return flush_body();
  }
  void ends(const Headers& fields = {}) { send_end(fields); }

  std::vector<std::string> heads;  // `name: value` lines each.
  std::string received;
  std::string trailers;
  bool ended = false;
  bool takes = true;  // Gives back what came at once.
  int settled = 0;
  int drains = 0;
  std::optional<Http2End> over;

 private:
  static std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }
  std::span<const nghttp2_nv> submittable(const Fields& fields) {
    auto* const all = arena_.make_array<nghttp2_nv>(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto [name, value] = fields[i];
      all[i] = {bytes_of(name), bytes_of(value), name.size(), value.size(), 0};
    }
    return {all, fields.size()};
  }
  static std::string lines_of(const Headers& headers) {
    std::string lines;
    for (const Field& field : headers)
      lines.append(field.name()).append(": ").append(field.value()).append("\n");
    return lines;
  }

  void head(bool is_end) override {
    if (is_client_ && block().status[0] != '1') head_done();
    std::string first(is_client_ ? block().status : block().path);
    heads.push_back(first + "\n" + lines_of(block().headers));
    ended = is_end;
  }
  void body(std::string_view bytes) override {
    received += bytes;
    if (takes) taken(bytes.size());
  }
  void body_end(const Headers& fields) override {
    trailers = lines_of(fields);
    ended = true;
  }
  void settle() override { ++settled; }
  void drained() override { ++drains; }
  void closed(const Http2End& end) override { over = end; }

  const bool is_client_;
  Arena& arena_;
};

// Two sessions, and the bytes between them, which go over by turn().
class Http2Pair final {
 public:
  struct Side final : Http2SessionUser {
    Http2Stream* opened() override {
      if (refuses) return nullptr;
      streams.push_back(std::make_unique<RecordedStream>(*session, arena, false));
      return streams.back().get();
    }
    void peer_changed() override { ++changes; }
    void over() override { is_over = true; }

    RecordedStream& stream(std::size_t index = 0) { return *streams.at(index); }

    Arena arena;
    ScriptedPeer wire;
    std::unique_ptr<Http2Session> session;
    std::vector<std::unique_ptr<RecordedStream>> streams;
    int changes = 0;
    bool refuses = false;
    bool is_over = false;
  };

  explicit Http2Pair(const Http2Limits& session_limits = {}, const Http1Limits& head_limits = {})
      : limits(session_limits), heads(head_limits) {
    make(server, Http2Session::Side::server);
    make(client, Http2Session::Side::client);
  }
  ~Http2Pair() {
    for (Side* side : {&server, &client}) side->streams.clear();
  }

  // Until nothing moves any more.
  void turn() {
    for (bool moved = true; moved;) {
      loop.io().restart();
      loop.io().poll();
      const std::string to_server = client.wire.got();
      const std::string to_client = server.wire.got();
      moved = !to_server.empty() || !to_client.empty();
      if (!to_server.empty() && !server.is_over) server.wire.sends(to_server);
      if (!to_client.empty() && !client.is_over) client.wire.sends(to_client);
    }
  }

  // A request of the client's, on its way.
  RecordedStream& request(std::string_view path = "/a", bool ends = true) {
    client.streams.push_back(std::make_unique<RecordedStream>(*client.session, client.arena, true));
    RecordedStream& stream = *client.streams.back();
    stream.send({{":method", ends ? "GET" : "POST"},
                 {":scheme", "http"},
                 {":path", path},
                 {":authority", "shop"}});
    if (ends) stream.ends();
    stream.flush_body();
    return stream;
  }

  ManualClock clock;
  Loop loop{1, &clock};
  const Http2Limits limits;
  const Http1Limits heads;
  Side server;
  Side client;

 private:
  void make(Side& side, Http2Session::Side which) {
    side.session =
        std::make_unique<Http2Session>(loop, ScriptedTransport::make(side.wire),
                                       Http2Session::Settings{heads, limits, which}, side);
  }
};

}  // namespace skiff
