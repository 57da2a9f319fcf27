#include "sidecar/transport/tls_record_key.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <string>

namespace skiff {
namespace {

constexpr std::uint32_t aes_128_gcm = 0x1301;  // RFC 8446, B.4.
constexpr std::uint32_t aes_256_gcm = 0x1302;
constexpr std::uint32_t chacha20_poly1305 = 0x1303;

const EVP_CIPHER* cipher_of(const SSL_CIPHER& cipher) {
  switch (SSL_CIPHER_get_protocol_id(&cipher)) {
    case aes_128_gcm:
      return EVP_aes_128_gcm();
    case aes_256_gcm:
      return EVP_aes_256_gcm();
    case chacha20_poly1305:
      return EVP_chacha20_poly1305();
    default:
      return nullptr;
  }
}

// HKDF-Expand-Label with no context (RFC 8446, 7.1), of no more than one block of the hash.
void expand(const EVP_MD* digest, const TlsSecret& secret, std::string_view label,
            std::span<unsigned char> to) {
  std::string info;
  info.push_back(static_cast<char>(to.size() >> 8));
  info.push_back(static_cast<char>(to.size() & 0xff));
  info.push_back(static_cast<char>(6 + label.size()));
  info.append("tls13 ").append(label);
  info.push_back('\0');
  info.push_back('\1');  // The number of the block.
  std::array<unsigned char, EVP_MAX_MD_SIZE> block{};
  HMAC(digest, secret.bytes.data(), static_cast<int>(secret.size),
       reinterpret_cast<const unsigned char*>(info.data()), info.size(), block.data(), nullptr);
  std::copy_n(block.begin(), to.size(), to.begin());
  OPENSSL_cleanse(block.data(), block.size());
}

unsigned char* bytes(char* at) { return reinterpret_cast<unsigned char*>(at); }
const unsigned char* bytes(const void* at) { return static_cast<const unsigned char*>(at); }

}  // namespace

TlsSecret::~TlsSecret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }

std::unique_ptr<TlsRecordKey> TlsRecordKey::make(const SSL_CIPHER& cipher, const TlsSecret& secret,
                                                 std::uint64_t sequence, bool to_seal) {
  const EVP_CIPHER* const algorithm = cipher_of(cipher);
  const EVP_MD* const digest = SSL_CIPHER_get_handshake_digest(&cipher);
  if (algorithm == nullptr || digest == nullptr ||
      secret.size != static_cast<std::size_t>(EVP_MD_get_size(digest))) {
    return nullptr;
  }
  return std::make_unique<TlsRecordKey>(algorithm, digest, secret, sequence, to_seal);
}

TlsRecordKey::TlsRecordKey(const EVP_CIPHER* cipher, const EVP_MD* digest, const TlsSecret& secret,
                           std::uint64_t sequence, bool to_seal)
    : context_(EVP_CIPHER_CTX_new()),
      cipher_(cipher),
      digest_(digest),
      secret_(secret),
      sequence_(sequence),
      to_seal_(to_seal) {
  derive();
}

void TlsRecordKey::derive() {
  std::array<unsigned char, EVP_MAX_KEY_LENGTH> key{};
  expand(digest_, secret_, "key",
         {key.data(), static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_))});
  expand(digest_, secret_, "iv", iv_);
  EVP_CipherInit_ex(context_.get(), cipher_, nullptr, key.data(), nullptr, to_seal_ ? 1 : 0);
  OPENSSL_cleanse(key.data(), key.size());
}

void TlsRecordKey::renew() {
  TlsSecret next;
  next.size = secret_.size;
  expand(digest_, secret_, "traffic upd", {next.bytes.data(), next.size});
  secret_ = next;
  sequence_ = 0;
  derive();
}

TlsRecordKey::Nonce TlsRecordKey::nonce() const {
  Nonce nonce = iv_;
  for (unsigned i = 0; i < 8; ++i) {
    nonce[11 - i] ^= static_cast<unsigned char>(sequence_ >> (8 * i));
  }
  return nonce;
}

std::size_t TlsRecordKey::seal(TlsContent content, std::span<const iovec> pieces, char* to) {
  std::size_t total = 1 + tag_size;
  for (const iovec& piece : pieces) total += piece.iov_len;
  const unsigned char header[header_size] = {23, 3, 3, static_cast<unsigned char>(total >> 8),
                                             static_cast<unsigned char>(total & 0xff)};
  std::copy_n(header, header_size, bytes(to));
  EVP_CIPHER_CTX* const context = context_.get();
  unsigned char* at = bytes(to) + header_size;
  int count = 0;
  bool ok = EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce().data()) == 1 &&
            EVP_EncryptUpdate(context, nullptr, &count, header, header_size) == 1;
  for (const iovec& piece : pieces) {
    ok = ok && EVP_EncryptUpdate(context, at, &count, bytes(piece.iov_base),
                                 static_cast<int>(piece.iov_len)) == 1;
    at += piece.iov_len;
  }
  const auto type = static_cast<unsigned char>(content);
  ok = ok && EVP_EncryptUpdate(context, at, &count, &type, 1) == 1;
  ++at;
  ok = ok && EVP_EncryptFinal_ex(context, at, &count) == 1 &&
       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_size, at) == 1;
  ++sequence_;
  return ok ? header_size + total : 0;
}

std::optional<TlsRecordKey::Opened> TlsRecordKey::open(std::string_view record, char* to) {
  if (record.size() < overhead) return std::nullopt;
  EVP_CIPHER_CTX* const context = context_.get();
  const std::size_t sealed = record.size() - header_size - tag_size;
  const unsigned char* const from = bytes(record.data());
  std::array<unsigned char, tag_size> tag;  // OpenSSL wants to be able to write it.
  std::copy_n(from + header_size + sealed, tag_size, tag.begin());
  int count = 0;
  const bool ok = EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce().data()) == 1 &&
                  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_size, tag.data()) == 1 &&
                  EVP_DecryptUpdate(context, nullptr, &count, from, header_size) == 1 &&
                  EVP_DecryptUpdate(context, bytes(to), &count, from + header_size,
                                    static_cast<int>(sealed)) == 1 &&
                  EVP_DecryptFinal_ex(context, bytes(to) + sealed, &count) == 1;
  ++sequence_;
  if (!ok) return std::nullopt;
  std::size_t size = sealed;  // Padding, then the type, from behind.
  while (size > 0 && to[size - 1] == '\0') --size;
  if (size == 0 || size - 1 > most_plain) return std::nullopt;
  return Opened{static_cast<std::uint8_t>(to[size - 1]), size - 1};
}

}  // namespace skiff
