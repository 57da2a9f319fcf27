#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// Why a handshake came to nothing. Each but `none` is an ErrorKind of the same meaning: tls_failed
// and what follows it, in this order.
enum class TlsFailure : std::uint8_t {
  none,
  broken,  // The peer closed, sent an alert, or spoke no TLS 1.3.
  timed_out,
  no_certificate,
  expired,
  not_yet_valid,
  unknown_root,
  trust_domain,
  no_identity,
  several_identities,
  wrong_usage,
  weak_key,
  wrong_identity,
  count_,
};

// The roots of one trust domain, as PEM; two or more while one replaces another.
struct TrustBundle {
  std::string trust_domain;
  std::string roots;
};

// Who this sidecar is and whom it trusts: texts as they stand in files. The key is nowhere shown.
struct TlsMaterial {
  std::string certificate;           // PEM, the leaf first.
  std::string key;                   // PEM, not encrypted.
  std::vector<TrustBundle> bundles;  // The first is of its own trust domain.
};

// What of the leaf the operator may see.
struct LeafInfo {
  std::string identity;  // `spiffe://…`
  std::string trust_domain;
  std::string serial;           // Hexadecimal.
  std::int64_t not_before = 0;  // Seconds since 1970.
  std::int64_t not_after = 0;
};

// What certificates are compared with, in seconds since 1970. Only tests have another than the
// machine's wall clock (base/certificate.h).
using WallClock = std::function<std::int64_t()>;

// Checks that the parts fit together and can be used now: PEM in order, key of the leaf, one SPIFFE
// identity, of the own trust domain, one of whose roots vouches for it, not expired. Or says in
// words what is wrong, naming the part. Bundles of other domains may be empty, which distrusts
// them.
Result<LeafInfo, std::string> check_material(const TlsMaterial& material, std::int64_t now);
Result<LeafInfo, std::string> check_material(const TlsMaterial& material);  // Now.

// A worker's side of TLS made of one material: contexts of OpenSSL, the sessions that can be
// resumed, the chains that were verified. Handshakes keep the one that they began with.
class TlsContext;
using TlsContextPtr = std::shared_ptr<TlsContext>;
// Needs checked material; null where OpenSSL refuses it all the same.
TlsContextPtr make_tls_context(Loop& loop, const TlsMaterial& material, WallClock clock = {});

// What one handshake is to come to. TLS 1.3 only; both sides show certificates.
struct TlsRequest {
  enum class Role : std::uint8_t { client, server };
  Role role = Role::server;
  // ALPN: what we offer, or accept, the best first. A server that finds nothing in common goes on
  // without one where `protocols` ends with an empty text, else refuses.
  std::vector<std::string> protocols;
  // Client: whom it may be, one of these; empty: anyone of a trusted domain.
  std::vector<std::string> identities;
  // What a resumed session must have in common with the first beside the material, such as the
  // listener or the target, and the number of the configuration. Empty: nothing is resumed.
  std::string session_scope;
  Duration timeout = std::chrono::seconds(5);
};

// A handshake under way; destroying it ends it, and the connection with it.
class TlsHandshake {
 public:
  class Done {
   public:
    // The transport says peer_identity() and agreed_protocol(). Bytes of the application that came
    // with the handshake are read at once: wait_readable() is answered although no edge comes.
    // Its end_sending() says close_notify first, and so does its end, but after reset(). An end
    // without one is an error, EPROTO: whoever cuts the line must not pass for an end. What the
    // kernel did not take of a send() leaves by itself; until then send() gives `again`.
    virtual void secured(TransportPtr transport) = 0;
    virtual void not_secured(TlsFailure failure) = 0;

   protected:
    ~Done() = default;
  };

  virtual ~TlsHandshake() = default;

  // Within not_secured(), for the log: which certificate, and what of it. May hold foreign text.
  virtual std::string_view detail() const = 0;
};

// Secures the connected `transport`, on which nothing was sent yet, and whose bytes may already be
// waiting. `done` is told later, never within this call. One handshake computes in a turn of the
// loop, so that a storm of newcomers does not keep those waiting who are connected.
std::unique_ptr<TlsHandshake> begin_tls(Loop& loop, TlsContextPtr context, TransportPtr transport,
                                        TlsRequest request, TlsHandshake::Done& done);

}  // namespace skiff
