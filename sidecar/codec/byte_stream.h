#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// One end of a connection that is only carried: what comes is handed on as it is read, what is
// given goes out by one write where the kernel takes it, and each direction ends by itself. Holds
// at most one read's bytes of what the peer does not take.
class ByteStream final : private TransportUser, private Deferred {
 public:
  // Whoever holds it. Any call may close it; none may destroy it.
  class User {
   public:
    virtual bool received(std::string_view bytes) = 0;  // False: no more until resume().
    virtual void received_end() = 0;                    // The peer sends no more. Once.
    virtual void sent() = 0;  // What had to wait is out: more may be given.
    virtual void lost() = 0;  // The connection broke. The user closes it.

   protected:
    ~User() = default;
  };

  ByteStream(Loop& loop, TransportPtr transport, User& user);
  ~ByteStream();

  // Until begin() nothing is read; only that the connection breaks is told.
  void begin();
  void resume();

  void give(std::string_view bytes) { given_ = bytes; }  // Borrowed until flush(), which follows.
  void end() { ending_ = true; }            // FIN behind the last byte; flush() follows.
  bool flush();                             // True: all is out.
  bool ended() const { return fin_sent_; }  // All is out, and FIN behind it.

  bool is_open() const { return transport_ != nullptr; }
  // Whether, before begin(), the peer has neither said anything nor gone. Looks, by one call.
  bool is_untouched();
  std::string_view peer_identity() const { return transport_->peer_identity(); }

  void close() { transport_.reset(); }
  void reset();  // Closes so that the peer cannot take it for an end.

 private:
  enum class Written { all, some, broken };

  void readable() override;
  void writable() override;
  void run_deferred() override;

  void look();
  void read();
  Written write();

  Loop& loop_;
  User& user_;
  TransportPtr transport_;
  std::string_view given_;
  ByteBuffer kept_;
  bool begun_ = false;
  bool stirred_ = false;  // Before begin() something had come.
  bool paused_ = false;
  bool is_long_ = false;  // The last read gave much.
  bool received_end_ = false;
  bool ending_ = false;
  bool fin_sent_ = false;
};

}  // namespace skiff
