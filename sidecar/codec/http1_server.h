#pragma once

#include <cstdint>
#include <string>

#include "base/byte_buffer.h"
#include "sidecar/codec/http1_body.h"
#include "sidecar/codec/http1_encoder.h"
#include "sidecar/codec/http1_writer.h"
#include "sidecar/codec/server_connection.h"

namespace skiff {

// A client's connection that speaks HTTP/1.x.
//
//   between requests --head complete--> in an exchange --answer sent--> between requests
//   open --last answer, error, end--> closing or lingering --> closed
//
// While an exchange is under way, what comes behind its body waits in input_.
class Http1Server final : public ServerConnection,
                          private TransportUser,
                          private Reply,
                          private BodySink,
                          private BodySource,
                          private Timer,
                          private Deferred {
 public:
  Http1Server(const ServerContext& context, TransportPtr transport, Peer peer);
  ~Http1Server() override;

  void drain() override;
  void cut() override;

 private:
  enum class State : std::uint8_t { open, lingering, closing, closed };

  // What only a request in flight needs; in its arena.
  struct Stream {
    Http1Body body{};
    std::uint16_t fed_attempt = 0;  // The attempt that gets the body now.
    bool answered = false;
    bool response_ended = false;
    bool until_close = false;
    Error error;  // Why the answer is ours.
  };

  void readable() override;
  void writable() override;
  void informational(Exchange& exchange, Response& response) override;
  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;
  void data(std::string_view bytes) override;
  void end(const Headers& trailers) override;
  void abort(const Error& error) override;
  bool flush() override;
  void settle();
  void resume() override;
  void expired(TimePoint now) override;
  void run_deferred() override;

  bool wants_body() const;
  void read();
  void read_ahead();
  void consume(char* at, std::size_t size);
  std::size_t begin(char* at, std::size_t size);
  bool may_hold_line_end(const char* at, std::size_t size) const;
  void prepare(const Http1Head& head);
  void start();
  void refuse(ErrorKind kind);
  std::size_t feed(char* at, std::size_t size);
  ErrorKind take(std::string_view data);
  void replay();
  bool goes_on() const;
  void flush_to_backend();
  void client_ended();
  void note_end();
  void open_tunnel();
  void put_head(const Response& response, const ResponseFraming& framing);
  void finish();
  void over(const Error& error);
  void stop(bool linger);
  void linger();
  void lost();
  void fail(const Error& error);
  void close();
  TimePoint due() const;
  bool awaits_head() const;
  bool may_be_gone() const;
  TimePoint patience_ends() const;
  ErrorKind overdue(TimePoint now) const;
  void arm();
  void expired_between(TimePoint now);

  const ServerContext& context_;
  TransportPtr transport_;
  Exchange* exchange_ = nullptr;
  Stream* stream_ = nullptr;
  ByteBuffer input_;
  Http1Writer writer_;
  TimePoint since_{};     // The last byte either way, or since when it has been between requests.
  TimePoint ended_at_{};  // With half_closed_.
  Peer peer_;
  std::uint32_t requests_ = 0;
  std::uint32_t scanned_ = 0;   // Bytes of an incomplete head that were parsed in vain.
  std::uint32_t lingered_ = 0;  // Bytes thrown away.
  State state_ = State::open;
  bool keep_alive_ = true;
  bool head_begun_ = false;
  bool paused_ = false;  // The backend wants no more of the body now.
  bool unread_ = false;  // The socket said readable when nobody could take it.
  bool consuming_ = false;
  bool half_closed_ = false;  // The client sends no more.
  bool draining_ = false;
  bool looked_ = false;  // For an end, since it went idle.
};

}  // namespace skiff
