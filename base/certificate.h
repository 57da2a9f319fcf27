#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/openssl_handles.h"
#include "base/result.h"

namespace skiff {

// From when to when a certificate is valid, both seconds included. Seconds since 1970.
struct Validity {
  std::int64_t not_before = 0;
  std::int64_t not_after = 0;
};

// What a certificate says of itself; nothing of it is verified. Foreign text: print it with
// base/escape.h.
struct CertificateFacts {
  std::string subject;
  std::string issuer;
  std::vector<std::string> uris;  // Of the subject's alternative names.
  std::string serial;             // Hexadecimal, lower case.
  std::string fingerprint;        // SHA-256 of the whole, hexadecimal.
  Validity validity;
  bool is_authority = false;
};

CertificateFacts facts_of(const X509& certificate);
Validity validity_of(const X509& certificate);
std::vector<std::string> uris_of(const X509& certificate);  // Its subject's alternative names.

// Certificates and one key, out of PEM. An error says what is wrong in words, without a subject:
// "block 2 is cut off". Text between the blocks is skipped, as PEM has it. Reading certificates
// gives none for a text without blocks. The key must not be encrypted; errors never show its bytes.
Result<Certificates, std::string> read_certificates(std::string_view pem);
Result<KeyPtr, std::string> read_key(std::string_view pem);

// Seconds since 1970 by the wall clock, as certificates count.
std::int64_t wall_seconds();
std::string utc_text(std::int64_t seconds);  // `2026-11-21T08:45:00Z`

}  // namespace skiff
