#include "sidecar/codec/http2_client.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "sidecar/codec/http2_client_stream.h"
#include "sidecar/codec/http2_session.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

// While it carries something: after so long without a byte from the backend it is asked for one,
// and taken for lost when none comes.
constexpr Duration ping_after = 10s;
constexpr Duration ping_answer = 5s;
// Asked again, when nothing but that answer has come. A gRPC server takes PINGs that come more
// often than each five minutes for an attack (gRFC A8).
constexpr Duration ping_again_after = 5min + 10s;
// It carries nothing for so long: what only traffic needs may go.
constexpr Duration rest_after = 1s;

// An age within a tenth of `age`, so that connections made together do not end together.
TimePoint end_of(Duration age, Loop& loop) {
  if (age == Duration::zero()) return TimePoint::max();
  const double share = 0.9 + 0.2 * loop.random().unit();
  return loop.now() + std::chrono::duration_cast<Duration>(age * share);
}

// A connection to a backend that speaks HTTP/2.
//
//   open --GOAWAY either way, age, retire(), no ids left--> closing --its last exchange ended-->
//   gone open, closing --lost, an error of the connection, no answer to a PING--> gone
//
// An Upgrade waits until the backend's SETTINGS say whether it takes extended CONNECT (RFC 8441);
// whether it takes the protocol, it says itself.
class Http2Client final : public Connection,
                          private Http2SessionUser,
                          private Http2ClientStream::Owner,
                          private Timer,
                          private Deferred {
 public:
  Http2Client(Loop& loop, TransportPtr transport, const Http2ClientSettings& settings,
              ConnectionOwner& owner)
      : loop_(loop),
        owner_(owner),
        session_(
            loop, std::move(transport),
            {settings.limits, settings.http2, Http2Session::Side::client, settings.first_stream},
            *this),
        ends_at_(end_of(settings.connection_age, loop)),
        idle_from_(loop.now()) {
    arm();
  }
  ~Http2Client() { loop_.undefer(*this); }

  void start(Exchange& exchange, Reply& reply) override;
  bool still_open() override;
  std::uint32_t room() const override { return closing ? 0 : session_.room(); }
  void retire() override;

 private:
  void peer_changed() override;
  void over() override;
  void ended(Http2ClientStream& stream) override;
  void expired(TimePoint now) override;
  void run_deferred() override;

  bool carries() const { return session_.streams() > 0; }
  void begin_upgrade(Http2ClientStream& stream);
  void watch(TimePoint now);
  TimePoint ping_due() const;
  TimePoint due() const;
  void arm() { loop_.arm(*this, due()); }

  Loop& loop_;
  ConnectionOwner& owner_;
  std::vector<Http2ClientStream*> waiting_;  // For the backend's SETTINGS.
  Http2Session session_;
  const TimePoint ends_at_;
  TimePoint idle_from_;
  TimePoint pinged_at_{};    // Not answered yet; else zero.
  TimePoint answered_at_{};  // What last_read() was when the last PING was seen to be answered.
  bool rests_ = false;
};

void Http2Client::start(Exchange& exchange, Reply& reply) {
  const bool others_before = exchanges > 0;
  ++exchanges;
  ++exchange.marks.attempts;
  rests_ = false;
  auto& stream = Http2ClientStream::make(session_, *this, exchange, reply, others_before);
  if (session_.streams() == 1) {
    idle_from_ = loop_.now();
    arm();
  }
  if (exchange.request.upgrade.empty()) return stream.send();
  if (!session_.heard()) return waiting_.push_back(&stream);
  begin_upgrade(stream);
}

// Not `unprocessed`: another attempt would be refused likewise.
void Http2Client::begin_upgrade(Http2ClientStream& stream) {
  if (session_.takes_extended_connect()) return stream.send();
  stream.give_up({.kind = ErrorKind::upgrade_unsupported});
}

bool Http2Client::still_open() {
  if (!session_.is_open()) return false;
  char byte;
  const IoResult::Kind seen = session_.transport().peek(&byte, 1).kind;
  if (seen == IoResult::Kind::again || seen == IoResult::Kind::done) return true;
  session_.close(NGHTTP2_NO_ERROR);
  return false;
}

void Http2Client::retire() {
  closing = true;
  if (!carries()) session_.close(NGHTTP2_NO_ERROR);
}

void Http2Client::peer_changed() {
  if (!session_.takes_more()) closing = true;
  if (!waiting_.empty()) loop_.defer(*this);
  owner_.room_changed(*this);
}

void Http2Client::run_deferred() {
  for (Http2ClientStream* stream : std::exchange(waiting_, {})) begin_upgrade(*stream);
  if (closing && !carries()) session_.close(NGHTTP2_NO_ERROR);
}

void Http2Client::ended(Http2ClientStream& stream) {
  std::erase(waiting_, &stream);
  if (!session_.takes_more()) closing = true;
  if (!carries()) {
    idle_from_ = loop_.now();
    arm();
    if (closing) loop_.defer(*this);
  }
  owner_.idle(*this);
}

void Http2Client::over() {
  closing = true;
  loop_.disarm(*this);
  loop_.undefer(*this);
  owner_.gone(*this);
}

// ---- Time

TimePoint Http2Client::ping_due() const {
  const TimePoint heard = session_.last_read();
  return heard == answered_at_ ? heard + ping_again_after
                               : std::max(idle_from_, heard) + ping_after;
}

TimePoint Http2Client::due() const {
  TimePoint first = closing ? TimePoint::max() : ends_at_;
  if (!carries()) return rests_ ? first : std::min(first, idle_from_ + rest_after);
  if (pinged_at_ != TimePoint{}) return std::min(first, pinged_at_ + ping_answer);
  return std::min(first, ping_due());
}

void Http2Client::expired(TimePoint now) {
  if (!closing && now >= ends_at_) {
    retire();
    if (!session_.is_open()) return;
    owner_.room_changed(*this);
  }
  if (carries()) {
    watch(now);
    if (!session_.is_open()) return;
  } else if (!rests_ && now >= idle_from_ + rest_after) {
    rests_ = true;
    session_.transport().rest();
  }
  arm();
}

void Http2Client::watch(TimePoint now) {
  if (pinged_at_ != TimePoint{} && session_.last_read() >= pinged_at_) {
    pinged_at_ = {};
    answered_at_ = session_.last_read();
  }
  if (pinged_at_ != TimePoint{}) {
    if (now >= pinged_at_ + ping_answer) session_.close(NGHTTP2_NO_ERROR);
  } else if (now >= ping_due()) {
    pinged_at_ = now;
    session_.ping();
  }
}

}  // namespace

std::unique_ptr<Connection> make_http2_client(Loop& loop, TransportPtr transport,
                                              const Http2ClientSettings& settings,
                                              ConnectionOwner& owner) {
  return std::make_unique<Http2Client>(loop, std::move(transport), settings, owner);
}

}  // namespace skiff
