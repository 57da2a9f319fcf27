#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/openssl_handles.h"
#include "sidecar/transport/certificate_check.h"
#include "sidecar/transport/client_sessions.h"
#include "sidecar/transport/tls.h"
#include "sidecar/transport/tls_peer.h"
#include "sidecar/transport/tls_queue.h"
#include "sidecar/transport/verified_chains.h"

namespace skiff {

// See tls.h. What makes resumption safe: a session is bound to the listener or target (its session
// id context), tickets can be opened only by the context that made them, so by the same material,
// and a ticket names the chain that it stands for, which must still be among the verified ones: as
// a resumed session proves no chain, it is refused where a full handshake would be.
//
// All contexts share OpenSSL's default library context: the locks in it are taken once or twice a
// handshake, and a worker alone, which is the default, meets nobody there.
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
  static int make_ticket(SSL* ssl, void*);
  static SSL_TICKET_RETURN judge_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*,
                                        std::size_t, SSL_TICKET_STATUS status, void* self);
  static void note_secret(const SSL* ssl, const char* line);
  static void note_message(int, int, int content, const void* message, std::size_t size, SSL* ssl,
                           void*);
  static int keep_session(SSL* ssl, SSL_SESSION* session);

  bool present(const TlsMaterial& material);
  void allow_resumption();
  void begin_server(TlsPeer& peer, SSL& ssl) const;
  void begin_client(TlsPeer& peer, SSL& ssl);
  const Verified* find_verified(const ChainDigest& chain);
  void check(TlsPeer& peer, X509& leaf, STACK_OF(X509) * chain);
  void accept(TlsPeer& peer, const Verified& verified) const;

  TrustedRoots roots_;
  VerifiedChains verified_;
  ClientSessions sessions_;
  ChainDigest bundles_{};  // All roots with their domains: part of what a session is bound to.
  WallClock clock_;
  SslContextPtr ssl_context_;
  TlsQueue queue_;
};

}  // namespace skiff
