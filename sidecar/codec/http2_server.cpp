#include "sidecar/codec/http2_server.h"

#include <algorithm>
#include <new>
#include <utility>

namespace skiff {

using namespace std::chrono_literals;

namespace {

// After the last stream ended: one look for an end that came together with the last bytes
// (transport.h), and then memory that only traffic needs can go.
constexpr Duration look_after = 100ms;
// Between the two GOAWAYs: what the client sent before it read the first one arrives meanwhile.
constexpr Duration last_call = 1s;

}  // namespace

Http2Server::Http2Server(const ServerContext& context, TransportPtr transport, Peer peer)
    : context_(context),
      peer_(std::move(peer)),
      born_(context.loop.now()),
      idle_since_(born_),
      session_(context.loop, std::move(transport),
               {context.settings.limits, context.settings.http2, Http2Session::Side::server},
               *this) {
  const Duration age = context.settings.connection_age;
  if (age > 0ns) {
    const double jitter = 0.9 + 0.2 * context.loop.random().unit();
    dies_ = born_ + std::chrono::duration_cast<Duration>(age * jitter);
  }
  arm();
}

Http2Server::~Http2Server() {
  destroyed_ = true;
  end_.kind = ErrorKind::draining;
  session_.close(NGHTTP2_NO_ERROR);
}

Http2Stream* Http2Server::opened() {
  Exchange& exchange = context_.exchanges.take();
  void* const memory =
      exchange.arena.allocate(sizeof(Http2ServerStream), alignof(Http2ServerStream));
  auto* const stream = new (memory) Http2ServerStream(*this, session_, exchange);
  const std::uint32_t most = context_.settings.requests_per_connection;
  if (++requests_ == most) {
    leaving_ = Leaving::last;
    session_.go_away(false);
  }
  return stream;
}

// The exchange is over, and the stream with it.
void Http2Server::finished(Http2ServerStream& stream, const Error& error) {
  Exchange& exchange = stream.exchange();
  stream.~Http2ServerStream();
  exchange.finish(error);
  context_.exchanges.give_back(exchange);
}

void Http2Server::peer_changed() { arm(); }

void Http2Server::drained() {
  idle_since_ = context_.loop.now();
  looked_ = false;
  arm();
}

void Http2Server::over() {
  context_.loop.disarm(*this);
  if (!destroyed_) context_.owner.closed(*this);
}

void Http2Server::drain() {
  if (leaving_ != Leaving::no) return;
  leaving_ = Leaving::told;
  told_at_ = context_.loop.now();
  session_.go_away(true);
  arm();
}

void Http2Server::cut() {
  end_.kind = ErrorKind::draining;
  session_.close(NGHTTP2_NO_ERROR);
}

// A stream has waited too long for a client that does not even read what it was sent.
void Http2Server::stalled() {
  if (!session_.is_blocked()) return;
  const Duration idle = context_.settings.stream_idle;
  if (context_.loop.now() - session_.last_written() >= idle) session_.close(NGHTTP2_NO_ERROR);
}

// ---- Time

TimePoint Http2Server::due() const {
  const ServerSettings& settings = context_.settings;
  if (!session_.heard()) return born_ + settings.request_headers;
  TimePoint first = leaving_ == Leaving::no ? dies_ : TimePoint::max();
  if (leaving_ == Leaving::told) first = told_at_ + last_call;
  if (session_.streams() > 0) return first;
  const Duration idle = looked_ ? settings.connection_idle : look_after;
  return std::min(first, idle_since_ + idle);
}

void Http2Server::arm() { context_.loop.arm(*this, due()); }

void Http2Server::expired(TimePoint now) {
  if (!session_.is_open()) return;
  if (due() > now) return arm();
  if (!session_.heard()) return session_.close(NGHTTP2_NO_ERROR);
  if (leaving_ == Leaving::told && now >= told_at_ + last_call) {
    leaving_ = Leaving::last;
    session_.go_away(false);
  } else if (leaving_ == Leaving::no && now >= dies_) {
    drain();
  } else {
    expired_idle();
  }
  if (session_.is_open()) arm();
}

void Http2Server::expired_idle() {
  if (looked_) {
    leaving_ = Leaving::last;
    return session_.go_away(false);
  }
  looked_ = true;
  if (!session_.look()) return;
  if (session_.streams() == 0) session_.transport().rest();
}

std::unique_ptr<ServerConnection> make_http2_server(const ServerContext& context,
                                                    TransportPtr transport, Peer peer) {
  return std::make_unique<Http2Server>(context, std::move(transport), std::move(peer));
}

}  // namespace skiff
