#include "sidecar/observe/handshake_counters.h"

#include <gtest/gtest.h>

#include <utility>

namespace skiff {
namespace {

TEST(HandshakeCounters, KnowTheReasonOfEachEnd) {
  const std::pair<TlsFailure, ErrorKind> pairs[] = {
      {TlsFailure::none, ErrorKind::none},
      {TlsFailure::broken, ErrorKind::tls_failed},
      {TlsFailure::timed_out, ErrorKind::timeout_tls},
      {TlsFailure::no_certificate, ErrorKind::tls_no_certificate},
      {TlsFailure::expired, ErrorKind::tls_expired},
      {TlsFailure::not_yet_valid, ErrorKind::tls_not_yet_valid},
      {TlsFailure::unknown_root, ErrorKind::tls_unknown_root},
      {TlsFailure::trust_domain, ErrorKind::tls_trust_domain},
      {TlsFailure::no_identity, ErrorKind::tls_no_identity},
      {TlsFailure::several_identities, ErrorKind::tls_several_identities},
      {TlsFailure::wrong_usage, ErrorKind::tls_wrong_usage},
      {TlsFailure::weak_key, ErrorKind::tls_weak_key},
      {TlsFailure::wrong_identity, ErrorKind::tls_wrong_identity},
  };
  EXPECT_EQ(std::size(pairs), HandshakeCounters::ends);
  for (const auto& [failure, kind] : pairs) EXPECT_EQ(error_kind(failure), kind);
}

TEST(HandshakeCounters, CountEachSideAndEndForItself) {
  HandshakeCounters counters;
  counters.of(TlsRequest::Role::server, TlsFailure::expired).add(2);
  counters.of(TlsRequest::Role::client, TlsFailure::expired).add();
  EXPECT_EQ(counters.of(TlsRequest::Role::server, TlsFailure::expired).get(), 2u);
  EXPECT_EQ(counters.of(TlsRequest::Role::client, TlsFailure::expired).get(), 1u);
  EXPECT_EQ(counters.of(TlsRequest::Role::server, TlsFailure::none).get(), 0u);
}

}  // namespace
}  // namespace skiff
