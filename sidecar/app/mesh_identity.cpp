#include "sidecar/app/mesh_identity.h"

namespace skiff {

ErrorKind error_kind(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::none:
      return ErrorKind::none;
    case TlsFailure::broken:
      break;
    case TlsFailure::timed_out:
      return ErrorKind::timeout_tls;
    case TlsFailure::no_certificate:
      return ErrorKind::tls_no_certificate;
    case TlsFailure::expired:
      return ErrorKind::tls_expired;
    case TlsFailure::not_yet_valid:
      return ErrorKind::tls_not_yet_valid;
    case TlsFailure::unknown_root:
      return ErrorKind::tls_unknown_root;
    case TlsFailure::trust_domain:
      return ErrorKind::tls_trust_domain;
    case TlsFailure::no_identity:
      return ErrorKind::tls_no_identity;
    case TlsFailure::several_identities:
      return ErrorKind::tls_several_identities;
    case TlsFailure::wrong_usage:
      return ErrorKind::tls_wrong_usage;
    case TlsFailure::weak_key:
      return ErrorKind::tls_weak_key;
    case TlsFailure::wrong_identity:
      return ErrorKind::tls_wrong_identity;
  }
  return ErrorKind::tls_failed;
}

CounterId counter_of(TlsRequest::Role role, TlsFailure failure) {
  const CounterId first =
      role == TlsRequest::Role::server ? CounterId::tls_server_none : CounterId::tls_client_none;
  return static_cast<CounterId>(static_cast<std::size_t>(first) +
                                static_cast<std::size_t>(failure));
}

}  // namespace skiff
