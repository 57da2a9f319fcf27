#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "sidecar/transport/tls_record_key.h"

namespace skiff {

// The records of a connection of TLS 1.3 after its handshake: application data, alerts, new keys
// (RFC 8446, 4.6.3, 5 and 6). What is to be sent is staged in tls_buffers(). docs/decisions/0007
// says why OpenSSL does the handshake and not this.
class TlsRecords final {
 public:
  TlsRecords(std::unique_ptr<TlsRecordKey> to_open, std::unique_ptr<TlsRecordKey> to_seal,
             bool is_client);

  // Whether read() would do something with `input`.
  static bool begins_with_record(std::string_view input);

  // Opens records at the beginning of `input`, which it takes away, until `size` bytes are at `to`
  // or there is no whole record any more. What of a record has no room is kept.
  std::size_t read(std::string_view& input, char* to, std::size_t size);
  // Opens until something is kept, if there is anything. What is kept stays for read().
  void look(std::string_view& input);
  std::string_view kept() const { return kept_.view(); }

  bool ended() const { return ended_; }    // The peer said close_notify.
  bool failed() const { return failed_; }  // It broke the rules; the alert is staged.

  // As one record; at most most_plain bytes. False: nothing can be sent any more.
  bool seal(std::span<const iovec> pieces) { return seal_as(TlsContent::data, pieces); }
  void say_close_notify();

 private:
  enum class Alert : std::uint8_t {  // RFC 8446, 6.
    close_notify = 0,
    unexpected_message = 10,
    bad_record_mac = 20,
    record_overflow = 22,
    illegal_parameter = 47,
    decode_error = 50,
    user_canceled = 90,
  };

  bool can_open(std::string_view input) const;
  std::size_t open_next(std::string_view& input, char* to, std::size_t size);
  std::size_t read_record(std::string_view record, char* to, std::size_t size);
  std::size_t take(const TlsRecordKey::Opened& opened, char* plain, char* to, std::size_t size);
  void take_alert(std::string_view body);
  void take_messages(std::string_view body);
  void take_message(std::uint8_t type, std::string_view body);
  void take_key_update(std::string_view body);
  void renew_own_key();
  bool seal_as(TlsContent content, std::span<const iovec> pieces);
  bool seal_bytes(TlsContent content, std::string_view bytes);
  void fail(Alert alert);

  std::unique_ptr<TlsRecordKey> to_open_;
  std::unique_ptr<TlsRecordKey> to_seal_;
  ByteBuffer kept_;                 // Plain text.
  ByteBuffer messages_;             // Of the handshake's kind, in part.
  std::uint8_t empty_records_ = 0;  // In a row.
  const bool is_client_;
  bool ended_ = false;
  bool failed_ = false;
  bool silent_ = false;  // We have said that we end, or why we break off.
};

}  // namespace skiff
