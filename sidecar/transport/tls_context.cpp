#include "sidecar/transport/tls_context.h"

#include <openssl/err.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/certificate.h"

namespace skiff {
namespace {

constexpr const char* cipher_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* groups = "P-256:X25519";
constexpr const char* signatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";  // The last three for certificates only (RFC 8446, 4.2.3).
constexpr int security_level = 2;        // 112 bits: RSA 2048, no SHA-1.
constexpr long most_chain_bytes = 32 * 1024;

TlsPeer& peer_of(const SSL* ssl) { return *static_cast<TlsPeer*>(SSL_get_app_data(ssl)); }

// The error of OpenSSL whose alert tells the peer what the failure is (ssl_x509err2alert).
int alerting_error(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::expired:
      return X509_V_ERR_CERT_HAS_EXPIRED;  // certificate_expired
    case TlsFailure::unknown_root:
      return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;  // unknown_ca
    case TlsFailure::wrong_usage:
      return X509_V_ERR_INVALID_PURPOSE;  // unsupported_certificate
    default:
      return X509_V_ERR_CERT_REJECTED;  // bad_certificate
  }
}

// As ALPN has it on the wire: each behind its size.
std::string to_wire(std::span<const std::string> protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) continue;
    wire.push_back(static_cast<char>(protocol.size()));
    wire += protocol;
  }
  return wire;
}

// Where `protocol` stands in what OpenSSL has found well formed.
std::size_t find_in_wire(std::string_view wire, std::string_view protocol) {
  for (std::size_t at = 0; at < wire.size();) {
    const auto size = static_cast<unsigned char>(wire[at]);
    if (wire.substr(at + 1, size) == protocol) return at + 1;
    at += 1 + std::size_t{size};
  }
  return std::string_view::npos;
}

bool needs_protocol(const TlsRequest& request) {
  return !request.protocols.empty() && !request.protocols.back().empty();
}

void set_limits(SSL_CTX& context) {
  SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION);
  SSL_CTX_set_security_level(&context, security_level);
  SSL_CTX_set_ciphersuites(&context, cipher_suites);
  SSL_CTX_set1_groups_list(&context, groups);
  SSL_CTX_set1_sigalgs_list(&context, signatures);
  SSL_CTX_set_max_cert_list(&context, most_chain_bytes);
  SSL_CTX_set_options(&context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
                                    SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_clear_options(&context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_max_early_data(&context, 0);
  SSL_CTX_set_recv_max_early_data(&context, 0);
}

}  // namespace

TlsContext::TlsContext(Loop& loop, const TlsMaterial& material, WallClock clock)
    : roots_(material.bundles),
      clock_(clock ? std::move(clock) : wall_seconds),
      queue_(loop, *this) {}

bool TlsContext::prepare(const TlsMaterial& material) {
  ssl_context_.reset(SSL_CTX_new(TLS_method()));
  if (ssl_context_ == nullptr) return false;
  SSL_CTX* const context = ssl_context_.get();
  set_limits(*context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, this);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_client_hello_cb(context, greet, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  const bool presented = present(material);
  ERR_clear_error();
  return presented;
}

bool TlsContext::present(const TlsMaterial& material) {
  auto chain = read_certificates(material.certificate);
  auto key = read_key(material.key);
  if (!chain || chain->empty() || !key) return false;
  SSL_CTX* const context = ssl_context_.get();
  if (SSL_CTX_use_certificate(context, chain->front().get()) != 1) return false;
  for (std::size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, (*chain)[i].get()) != 1) return false;
  }
  return SSL_CTX_use_PrivateKey(context, key->get()) == 1 &&
         SSL_CTX_check_private_key(context) == 1;
}

SslPtr TlsContext::begin(TlsPeer& peer) {
  SslPtr ssl(SSL_new(ssl_context_.get()));
  if (ssl == nullptr) return ssl;
  SSL_set_app_data(ssl.get(), &peer);
  if (peer.request.role == TlsRole::server) {
    SSL_set_accept_state(ssl.get());
    return ssl;
  }
  SSL_set_connect_state(ssl.get());
  const std::string offered = to_wire(peer.request.protocols);
  SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  return ssl;
}

bool TlsContext::finish(TlsPeer& peer, SSL&) {
  return peer.failure == TlsFailure::none && !peer.identity.empty();
}

// ---- What OpenSSL asks

int TlsContext::verify(X509_STORE_CTX* presented, void* self) {
  const auto* const ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(presented, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsPeer& peer = peer_of(ssl);
  static_cast<TlsContext*>(self)->check(peer, *X509_STORE_CTX_get0_cert(presented),
                                        X509_STORE_CTX_get0_untrusted(presented));
  const bool ok = peer.failure == TlsFailure::none;
  X509_STORE_CTX_set_error(presented, ok ? X509_V_OK : alerting_error(peer.failure));
  return ok ? 1 : 0;
}

void TlsContext::check(TlsPeer& peer, X509& leaf, STACK_OF(X509) * chain) const {
  const bool is_client = peer.request.role == TlsRole::client;
  const TlsRole its_role = is_client ? TlsRole::server : TlsRole::client;
  auto verified = roots_.verify(leaf, chain, its_role, clock_());
  if (!verified) {
    peer.failure = verified.error().failure;
    peer.detail = verified.error().detail;
    return;
  }
  const auto& wanted = peer.request.identities;
  if (is_client && !wanted.empty() &&
      std::ranges::find(wanted, verified->identity) == wanted.end()) {
    peer.failure = TlsFailure::wrong_identity;
    peer.detail = "it is " + verified->identity;
    return;
  }
  peer.identity = std::move(verified->identity);
}

// A client that offers nothing at all does not come to choose_protocol().
int TlsContext::greet(SSL* ssl, int* alert, void*) {
  const unsigned char* offer = nullptr;
  std::size_t size = 0;
  if (!needs_protocol(peer_of(ssl).request) ||
      SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &offer,
                                &size) == 1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

int TlsContext::choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size,
                                const unsigned char* offered, unsigned offered_size, void*) {
  const TlsRequest& request = peer_of(ssl).request;
  const std::string_view offer(reinterpret_cast<const char*>(offered), offered_size);
  for (const std::string& protocol : request.protocols) {
    const std::size_t at = find_in_wire(offer, protocol);
    if (protocol.empty() || at == std::string_view::npos) continue;
    *chosen = offered + at;
    *chosen_size = static_cast<unsigned char>(protocol.size());
    return SSL_TLSEXT_ERR_OK;
  }
  return needs_protocol(request) ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

TlsContextPtr make_tls_context(Loop& loop, const TlsMaterial& material, WallClock clock) {
  auto context = std::make_shared<TlsContext>(loop, material, std::move(clock));
  if (!context->prepare(material)) return nullptr;
  return context;
}

}  // namespace skiff
