#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/openssl_handles.h"
#include "sidecar/transport/tls_record_counter.h"
#include "sidecar/transport/tls_records.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// Plain bytes over a transport of ciphertext: OpenSSL's handshake, through a BIO over the buffers
// that the thread's connections share, and then records of our own (docs/decisions/0007), unless a
// session is still to come. What a call produces leaves by one send() of the transport; what that
// does not take is kept here, and wait_writable() asked for.
class TlsStream final {
 public:
  static constexpr std::size_t most_handshake = 64 * 1024;  // Bytes read before it is over.

  TlsStream(SslPtr ssl, TransportPtr inner);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Transport& inner() { return *inner_; }
  SSL* ssl() { return ssl_.get(); }  // Null once the records are ours.

  // Takes the handshake as far as the bytes that have come allow.
  enum class Shaken : std::uint8_t { over, again, broken };
  Shaken shake_hands();

  // Lets go of OpenSSL. Nothing happens where that cannot be now, or any more.
  void take_over(const TlsSecret& peers_secret, const TlsSecret& own_secret);

  // As of a Transport. A short count of receive() says that no more is there, or that an end or
  // error comes next.
  IoResult receive(char* to, std::size_t size);
  IoResult peek(char* to, std::size_t size);
  IoResult send(std::span<const iovec> pieces);
  bool acknowledged_beyond(std::uint64_t sent);

  bool holds_input() const;  // receive() would say something without reading the transport.
  bool holds_output() const { return !unsent_.empty(); }
  void flush();  // The transport is writable.
  void say_close_notify();
  void free_buffers();

 private:
  // The byte of the ciphertext before which a send() began.
  struct Mark {
    std::uint64_t plain = 0;
    std::uint64_t cipher = 0;  // 0: no mark, since the handshake comes first.
  };

  static const BIO_METHOD* bio_method();
  static int bio_write(BIO* bio, const char* from, int size);
  static int bio_read(BIO* bio, char* to, int size);
  static long bio_control(BIO* bio, int command, long number, void* data);

  void begin_call();
  void end_call();
  bool fill(std::size_t wish);
  std::size_t open_records(char* to, std::size_t size);
  std::size_t open_by_openssl(char* to, std::size_t size);
  std::size_t peek_records(char* to, std::size_t size);
  void judge_read();
  void judge_records();
  bool seal(std::span<const iovec> pieces);
  void seal_all(std::span<const iovec> pieces, std::size_t total);
  void send_staged();
  void set_mark();
  void adapt_limit(std::size_t sealed);
  IoResult outcome() const;

  SslPtr ssl_;
  std::unique_ptr<TlsRecords> records_;
  TransportPtr inner_;
  std::string_view input_;  // Within a call: ciphertext that was not opened yet.
  ByteBuffer kept_input_;   // … between calls.
  ByteBuffer unsent_;       // Ciphertext.
  TlsRecordCounter came_;   // Since the handshake, as OpenSSL sees them.
  TlsRecordCounter went_;
  std::size_t send_limit_ = 64 * 1024;
  std::size_t handshake_bytes_ = 0;
  std::uint64_t plain_sent_ = 0;
  std::uint64_t cipher_sent_ = 0;  // Kept bytes included.
  std::array<Mark, 8> marks_{};
  std::uint8_t next_mark_ = 0;
  bool ended_ = false;    // The peer said close_notify.
  bool drained_ = false;  // Within a call: the transport's last read was a short one.
  int read_error_ = 0;    // Nothing more can be read, because of this errno.
  int write_error_ = 0;
};

}  // namespace skiff
