#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "sidecar/codec/http2_session_stream.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/transport/loop.h"

namespace skiff {

class Http2Server;

// One request of a client's HTTP/2 connection and its answer, with the exchange that they are; it
// lies in that exchange's arena.
//
//   head coming --complete--> handed to the first stage, body follows --answered--> answer sent
//   any --RST_STREAM of either side, the connection's end--> over
class Http2ServerStream final : public Http2Stream,
                                private Reply,
                                private BodySink,
                                private BodySource,
                                private Timer,
                                private Deferred {
 public:
  Http2ServerStream(Http2Server& server, Http2Session& session, Exchange& exchange);
  ~Http2ServerStream();

  Exchange& exchange() { return exchange_; }

 private:
  void head(bool ended) override;
  void body(std::string_view bytes) override;
  void body_end(const Headers& trailers) override;
  void settle() override;
  void drained() override;
  void closed(const Http2End& end) override;
  void informational(Exchange& exchange, Response& response) override;
  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;
  void data(std::string_view bytes) override;
  void end(const Headers& trailers) override;
  bool flush() override;
  void abort(const Error& error) override;
  void resume() override;
  void expired(TimePoint now) override;
  void run_deferred() override;

  void prepare();
  void start();
  void refuse(ErrorKind kind);
  bool takes_body() const;
  bool is_held() const;
  ErrorKind take(std::string_view bytes);
  void pass_on(std::string_view bytes);
  void pass_end();
  bool replay();
  void flush_to_backend();
  void open_tunnel();
  void fail(const Error& error);
  TimePoint due() const;
  bool awaits_head() const;
  ErrorKind overdue(TimePoint now) const;
  void arm();

  Http2Server& server_;
  Exchange& exchange_;
  ByteBuffer held_;         // Of the body, until a backend takes it; no more than the window.
  Headers trailers_;        // Of the request.
  TimePoint since_;         // Bytes moved last.
  std::size_t passed_ = 0;  // Bytes that a backend was given and has not taken yet.
  Error error_;             // Why the answer under way is ours, or broke off.
  std::uint16_t fed_attempt_ = 0;  // The attempt that gets the body now.
  bool begun_ = false;             // The head was complete.
  bool answered_ = false;
  bool response_ended_ = false;
  bool received_ = false;  // All of the request has come.
  bool paused_ = false;    // The backend wants no more of the body now.
  bool fed_ = false;       // What the backend was given waits to be flushed.
  bool is_over_ = false;   // Nothing can be said to the client any more.
};

}  // namespace skiff
