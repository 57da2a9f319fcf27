#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/openssl_handles.h"
#include "sidecar/transport/certificate_check.h"
#include "sidecar/transport/tls.h"
#include "sidecar/transport/tls_peer.h"
#include "sidecar/transport/tls_queue.h"

namespace skiff {

// See tls.h. All contexts share OpenSSL's default library context: a worker alone on its loop meets
// no contention there, and a library context of its own would cost each worker some 200 KiB.
class TlsContext final : public std::enable_shared_from_this<TlsContext> {
 public:
  TlsContext(Loop& loop, const TlsMaterial& material, WallClock clock);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Makes OpenSSL's context. False: it refuses the material.
  bool prepare(const TlsMaterial& material);

  // For one handshake as `peer.request` has it; `peer` outlives it. Null where there is no memory.
  SslPtr begin(TlsPeer& peer);
  // The handshake is over for OpenSSL. Whether it is for us; else `peer` says why.
  bool finish(TlsPeer& peer, SSL& ssl);

  TlsQueue& queue() { return queue_; }

 private:
  static int verify(X509_STORE_CTX* presented, void* self);
  static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                             const unsigned char* offered, unsigned offered_size, void*);
  static int greet(SSL* ssl, int* alert, void*);

  bool present(const TlsMaterial& material);
  void check(TlsPeer& peer, X509& leaf, STACK_OF(X509) * chain) const;

  TrustedRoots roots_;
  WallClock clock_;
  SslContextPtr ssl_context_;
  TlsQueue queue_;
};

}  // namespace skiff
