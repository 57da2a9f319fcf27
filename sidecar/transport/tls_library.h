#pragma once

#include <openssl/crypto.h>

namespace skiff {

// The library context of OpenSSL that handshakes run in: its default provider, without the kinds of
// keys and encodings that TLS 1.3 does not know. For each certificate that a peer sends, OpenSSL 3
// asks all decoders and all key managers that there are, about a hundred, whether they know what to
// do with its key; here there are few to ask, which takes a third of the time.
// docs/decisions/0009-handshakes-ask-few-decoders-and-stand-back.md has the figures.
//
// Made once for the process, never freed. Any thread. Null, OpenSSL's default context, where the
// default provider cannot be had.
OSSL_LIB_CTX* tls_library();

// While it lives tls_library() is this thread's default, which OpenSSL falls back to where it does
// not hand a context on: when it reads a session.
class UseTlsLibrary final {
 public:
  UseTlsLibrary() : before_(OSSL_LIB_CTX_set0_default(tls_library())) {}
  ~UseTlsLibrary() { OSSL_LIB_CTX_set0_default(before_); }
  UseTlsLibrary(const UseTlsLibrary&) = delete;
  UseTlsLibrary& operator=(const UseTlsLibrary&) = delete;

 private:
  OSSL_LIB_CTX* const before_;
};

}  // namespace skiff
