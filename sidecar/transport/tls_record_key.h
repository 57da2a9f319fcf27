#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/openssl_handles.h"

namespace skiff {

// Of a record's plain text (RFC 8446, 5.1).
enum class TlsContent : std::uint8_t { alert = 21, handshake = 22, data = 23 };

// A traffic secret of TLS 1.3. Wiped when it goes.
struct TlsSecret {
  std::array<unsigned char, 48> bytes{};
  std::size_t size = 0;  // 0: none.

  ~TlsSecret();
};

// The protection of records in one direction of a connection (RFC 8446, 5.2 and 7.3), whose secret
// OpenSSL's handshake has agreed on. Neither copies nor allocates.
class TlsRecordKey final {
 public:
  static constexpr std::size_t header_size = 5;
  static constexpr std::size_t tag_size = 16;
  static constexpr std::size_t overhead = header_size + 1 + tag_size;  // Of a sealed record.
  static constexpr std::size_t most_plain = 16 * 1024;
  static constexpr std::size_t most_sealed = most_plain + 256;  // Behind the header.

  // After `sequence` records that OpenSSL has sealed or opened with it. Null: not a cipher of ours.
  static std::unique_ptr<TlsRecordKey> make(const SSL_CIPHER& cipher, const TlsSecret& secret,
                                            std::uint64_t sequence, bool to_seal);
  TlsRecordKey(const EVP_CIPHER* cipher, const EVP_MD* digest, const TlsSecret& secret,
               std::uint64_t sequence, bool to_seal);
  TlsRecordKey(const TlsRecordKey&) = delete;
  TlsRecordKey& operator=(const TlsRecordKey&) = delete;

  // One record of `pieces`, at most most_plain in all, at `to`. Gives its size; 0: it failed.
  std::size_t seal(TlsContent content, std::span<const iovec> pieces, char* to);

  struct Opened {
    std::uint8_t content = 0;  // As of TlsContent, or what the peer made up.
    std::size_t size = 0;
  };
  // The whole `record`, with its header; `to` takes its size less header and tag. Nothing where it
  // is forged or malformed.
  std::optional<Opened> open(std::string_view record, char* to);

  // The next secret of this direction, after a KeyUpdate (RFC 8446, 7.2).
  void renew();

  std::uint64_t sequence() const { return sequence_; }  // Records under the present secret.

 private:
  using Nonce = std::array<unsigned char, 12>;

  void derive();
  Nonce nonce() const;

  std::unique_ptr<EVP_CIPHER_CTX, FreeWith<EVP_CIPHER_CTX_free>> context_;
  const EVP_CIPHER* const cipher_;
  const EVP_MD* const digest_;
  TlsSecret secret_;
  Nonce iv_{};
  std::uint64_t sequence_;
  const bool to_seal_;
};

}  // namespace skiff
