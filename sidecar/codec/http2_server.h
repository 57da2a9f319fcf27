#pragma once

#include <cstdint>
#include <string>

#include "sidecar/codec/http2_server_stream.h"
#include "sidecar/codec/http2_session.h"
#include "sidecar/codec/server_connection.h"

namespace skiff {

// A client's connection that speaks HTTP/2: its age, its idle times and its end. The streams do the
// rest.
//
//   open --drain(), age--> told to go (GOAWAY 2^31-1) --a moment--> last (GOAWAY of the last id)
//   last --no stream left--> closed       any --idle too long, error, cut()--> closed
class Http2Server final : public ServerConnection, private Http2SessionUser, private Timer {
 public:
  Http2Server(const ServerContext& context, TransportPtr transport, Peer peer);
  ~Http2Server() override;

  void drain() override;
  void cut() override;

 private:
  friend class Http2ServerStream;
  enum class Leaving : std::uint8_t { no, told, last };

  Http2Stream* opened() override;
  void peer_changed() override;
  void drained() override;
  void over() override;
  void expired(TimePoint now) override;

  void stalled();
  void finished(Http2ServerStream& stream, const Error& error);
  void expired_idle();
  TimePoint due() const;
  void arm();

  const ServerContext& context_;
  const Peer peer_;
  const TimePoint born_;
  TimePoint dies_ = TimePoint::max();  // Of age.
  TimePoint idle_since_;               // With no stream.
  TimePoint told_at_{};
  Error end_{.kind = ErrorKind::client_gone};  // Of what is in flight when it closes.
  std::uint32_t requests_ = 0;
  Leaving leaving_ = Leaving::no;
  bool destroyed_ = false;
  bool looked_ = false;   // For an end, since it went idle.
  Http2Session session_;  // Last: it refers to what stands above.
};

}  // namespace skiff
