#pragma once

#include <cstdint>
#include <memory>

#include "base/byte_buffer.h"
#include "sidecar/codec/http1_body.h"
#include "sidecar/codec/http1_parser.h"
#include "sidecar/codec/http1_writer.h"
#include "sidecar/http/connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// A connection to a backend that speaks HTTP/1.x.
//
//   idle --start()--> request sent, body follows --answer's head--> body --whole--> idle
//   anything else --> gone
class Http1Client final : public Connection,
                          private TransportUser,
                          private BodySink,
                          private BodySource,
                          private Pending,
                          private Deferred {
 public:
  Http1Client(Loop& loop, TransportPtr transport, const Http1Limits& limits,
              ConnectionOwner& owner);
  ~Http1Client() override;

  void start(Exchange& exchange, Reply& reply) override;
  bool still_open() override;
  std::uint32_t room() const override { return exchange_ == nullptr && transport_ != nullptr; }

 private:
  void readable() override;
  void writable() override;
  void data(std::string_view bytes) override;
  void end(const Headers& trailers) override;
  void abort(const Error& error) override;
  bool flush() override;
  void resume() override;
  void fail(Exchange& exchange, const Error& error) override;
  void run_deferred() override;

  void read();
  std::size_t take(char* at, std::size_t size);
  std::size_t take_head(char* at, std::size_t size);
  std::size_t take_body(char* at, std::size_t size);
  void answer(Response& response, bool keep_alive);
  void backend_ended();
  void lost();
  void whole();
  void broken(const Error& error);
  Exchange& detach();
  void close();

  Loop& loop_;
  TransportPtr transport_;
  const Http1Limits& limits_;
  ConnectionOwner& owner_;
  Exchange* exchange_ = nullptr;
  Reply* reply_ = nullptr;
  ByteBuffer input_;  // An incomplete head, or what the client could not take yet.
  Http1Writer writer_;
  Http1Body body_;
  std::uint64_t sent_before_ = 0;  // Bytes sent when the exchange began.
  std::uint8_t interim_ = 0;       // Interim answers so far.
  bool heard_ = false;             // A byte of the answer has come.
  bool answered_ = false;          // The answer's head was passed on.
  bool request_ended_ = false;
  bool keep_alive_ = false;
  bool paused_ = false;  // The client takes no more now.
  bool unread_ = false;  // The socket may hold more although no edge will tell.
  bool tunnel_ = false;
  bool until_close_ = false;  // The backend's end is the answer's end.
};

}  // namespace skiff
