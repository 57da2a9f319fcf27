#include "sidecar/transport/tls_context.h"

#include <openssl/err.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include "base/certificate.h"
#include "sidecar/transport/tls_library.h"

namespace skiff {
namespace {

constexpr const char* cipher_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// X25519 costs no more time than P-256 here, and leaves 2.6 KiB less with each connection: OpenSSL
// keeps the peer's share.
constexpr const char* groups = "X25519:P-256";
constexpr const char* signatures =
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:"
    "RSA+SHA256:RSA+SHA384:RSA+SHA512";  // The last three for certificates only (RFC 8446, 4.2.3).
constexpr int security_level = 2;        // 112 bits: RSA 2048, no SHA-1.
constexpr long most_chain_bytes = 32 * 1024;
constexpr long session_life_s = 3600;

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

bool is_wanted(const TlsRequest& request, const std::string& identity) {
  if (request.role == TlsRole::server || request.identities.empty()) return true;
  return std::ranges::find(request.identities, identity) != request.identities.end();
}

ChainDigest digest_of_text(std::string_view text) {
  ChainDigest digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

std::string text_of(const std::vector<TrustBundle>& bundles) {
  std::string text;
  for (const TrustBundle& bundle : bundles)
    text += bundle.trust_domain + '\n' + bundle.roots + '\n';
  return text;
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
      bundles_(digest_of_text(text_of(material.bundles))),
      clock_(clock ? std::move(clock) : wall_seconds),
      queue_(loop, *this) {}

bool TlsContext::prepare(const TlsMaterial& material) {
  ssl_context_.reset(SSL_CTX_new_ex(tls_library(), nullptr, TLS_method()));
  if (ssl_context_ == nullptr) return false;
  SSL_CTX* const context = ssl_context_.get();
  set_limits(*context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify, this);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_client_hello_cb(context, greet, nullptr);
  SSL_CTX_set_keylog_callback(context, note_secret);
  allow_resumption();
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

void TlsContext::allow_resumption() {
  SSL_CTX* const context = ssl_context_.get();
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_timeout(context, session_life_s);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  SSL_CTX_set_session_ticket_cb(context, make_ticket, judge_ticket, this);
  SSL_CTX_set_num_tickets(context, 0);  // Only for those who have a scope.
}

SslPtr TlsContext::begin(TlsPeer& peer) {
  SslPtr ssl(SSL_new(ssl_context_.get()));
  if (ssl == nullptr) return ssl;
  SSL_set_app_data(ssl.get(), &peer);
  peer.request.role == TlsRole::server ? begin_server(peer, *ssl) : begin_client(peer, *ssl);
  return ssl;
}

void TlsContext::begin_server(TlsPeer& peer, SSL& ssl) const {
  SSL_set_accept_state(&ssl);
  const std::string& scope = peer.request.session_scope;
  std::string what(reinterpret_cast<const char*>(bundles_.data()), bundles_.size());
  const ChainDigest bound_to = digest_of_text(what.append(scope));
  SSL_set_session_id_context(&ssl, bound_to.data(), bound_to.size());
  SSL_set_num_tickets(&ssl, scope.empty() ? 0 : 1);
}

void TlsContext::begin_client(TlsPeer& peer, SSL& ssl) {
  SSL_set_connect_state(&ssl);
  const std::string offered = to_wire(peer.request.protocols);
  SSL_set_alpn_protos(&ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
  if (peer.request.session_scope.empty()) return;
  SSL_set_msg_callback(&ssl, note_message);
  const ClientSession kept = sessions_.take(peer.request.session_scope);
  if (kept.session == nullptr || SSL_SESSION_is_resumable(kept.session.get()) != 1) return;
  const Verified* const verified = find_verified(kept.chain);
  if (verified == nullptr || !is_wanted(peer.request, verified->identity)) return;
  peer.chain = kept.chain;
  SSL_set_session(&ssl, kept.session.get());
}

bool TlsContext::finish(TlsPeer& peer, SSL& ssl) {
  if (SSL_session_reused(&ssl) == 1) {
    peer.failure = TlsFailure::none;
    const Verified* const verified = find_verified(peer.chain);
    if (verified != nullptr) {
      accept(peer, *verified);
    } else {
      peer.failure = TlsFailure::unknown_root;
      peer.detail = "nobody vouches any more for whom it resumes";
    }
  }
  return peer.failure == TlsFailure::none && !peer.identity.empty();
}

const Verified* TlsContext::find_verified(const ChainDigest& chain) {
  return verified_.find(chain, clock_());
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

void TlsContext::check(TlsPeer& peer, X509& leaf, STACK_OF(X509) * chain) {
  const bool is_client = peer.request.role == TlsRole::client;
  const TlsRole its_role = is_client ? TlsRole::server : TlsRole::client;
  peer.chain = digest_of(leaf, chain, its_role);
  if (const Verified* const known = find_verified(peer.chain)) return accept(peer, *known);
  const auto verified = roots_.verify(leaf, chain, its_role, clock_());
  if (!verified) {
    peer.failure = verified.error().failure;
    peer.detail = verified.error().detail;
    return;
  }
  verified_.keep(peer.chain, *verified);
  accept(peer, *verified);
}

void TlsContext::accept(TlsPeer& peer, const Verified& verified) const {
  if (is_wanted(peer.request, verified.identity)) {
    peer.identity = verified.identity;
  } else {
    peer.failure = TlsFailure::wrong_identity;
    peer.detail = "it is " + verified.identity;
  }
}

// A ticket carries which chain it stands for; one that resumes another carries on.
int TlsContext::make_ticket(SSL* ssl, void*) {
  const ChainDigest& chain = peer_of(ssl).chain;
  return SSL_SESSION_set1_ticket_appdata(SSL_get0_session(ssl), chain.data(), chain.size());
}

// The chain must be verified still; if not, the handshake becomes a full one.
SSL_TICKET_RETURN TlsContext::judge_ticket(SSL* ssl, SSL_SESSION* session, const unsigned char*,
                                           std::size_t, SSL_TICKET_STATUS status, void* self) {
  void* data = nullptr;
  std::size_t size = 0;
  ChainDigest chain{};
  const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!opened || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 ||
      size != chain.size()) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  std::memcpy(chain.data(), data, size);
  if (static_cast<TlsContext*>(self)->find_verified(chain) == nullptr) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  peer_of(ssl).chain = chain;
  return SSL_TICKET_RETURN_USE_RENEW;
}

// `LABEL RANDOM SECRET`, the last two in hexadecimal, as of NSS's key log, which is OpenSSL's one
// way to hand out the secrets of the data.
void TlsContext::note_secret(const SSL* ssl, const char* line) {
  const std::string_view text(line);
  TlsPeer& peer = peer_of(ssl);
  const bool is_client = text.starts_with("CLIENT_TRAFFIC_SECRET_0 ");
  if (!is_client && !text.starts_with("SERVER_TRAFFIC_SECRET_0 ")) return;
  TlsSecret& secret = is_client ? peer.client_secret : peer.server_secret;
  const std::string_view digits = text.substr(text.rfind(' ') + 1);
  secret.size = 0;
  if (digits.size() > 2 * secret.bytes.size()) return;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    std::from_chars(&digits[at], &digits[at] + 2, secret.bytes[secret.size++], 16);
  }
}

// Of a client that keeps OpenSSL until a session comes: the keys may change before.
void TlsContext::note_message(int, int, int content, const void* message, std::size_t size,
                              SSL* ssl, void*) {
  if (content != SSL3_RT_HANDSHAKE || size == 0) return;
  if (*static_cast<const unsigned char*>(message) == SSL3_MT_KEY_UPDATE) {
    peer_of(ssl).keys_changed = true;
  }
}

// 1: it is ours now.
int TlsContext::keep_session(SSL* ssl, SSL_SESSION* session) {
  TlsPeer& peer = peer_of(ssl);
  if (peer.request.role != TlsRole::client || peer.request.session_scope.empty()) return 0;
  peer.has_session = true;
  peer.context->sessions_.keep(peer.request.session_scope, {SslSessionPtr(session), peer.chain});
  return 1;
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
