#include "sidecar/transport/tls.h"

#include <array>

namespace skiff {
namespace {

constexpr std::array<std::string_view, 13> words = {"none",
                                                    "tls_failed",
                                                    "timeout_tls",
                                                    "tls_no_certificate",
                                                    "tls_expired",
                                                    "tls_not_yet_valid",
                                                    "tls_unknown_root",
                                                    "tls_trust_domain",
                                                    "tls_no_identity",
                                                    "tls_several_identities",
                                                    "tls_wrong_usage",
                                                    "tls_weak_key",
                                                    "tls_wrong_identity"};
static_assert(words.size() == static_cast<std::size_t>(TlsFailure::wrong_identity) + 1);

}  // namespace

std::string_view to_text(TlsFailure failure) { return words[static_cast<std::size_t>(failure)]; }

}  // namespace skiff
