#include "base/certificate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <limits>

namespace skiff {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    fmt::format_to(std::back_inserter(text), "{:02x}", bytes[i]);
  return text;
}

std::string text_of(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string serial_of(const X509& certificate) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(&certificate);
  return to_hex(ASN1_STRING_get0_data(serial),
                static_cast<std::size_t>(ASN1_STRING_length(serial)));
}

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  X509_digest(&certificate, EVP_sha256(), digest.data(), &size);
  return to_hex(digest.data(), size);
}

// What cannot be read is long past.
std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::numeric_limits<std::int64_t>::min();
  return timegm(&parts);
}

// One block of PEM.
struct PemBlock {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;

  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
};

std::size_t count_blocks(std::string_view pem) {
  std::size_t count = 0;
  for (std::size_t at = pem.find(begin_mark); at != std::string_view::npos;
       at = pem.find(begin_mark, at + 1)) {
    ++count;
  }
  return count;
}

BioPtr reader_of(std::string_view pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Result<CertificatePtr, std::string> to_certificate(const PemBlock& block, std::size_t number) {
  const std::string_view name = block.name;
  if (name != PEM_STRING_X509) {
    return fmt::format("block {} is a {}, not a certificate", number, name);
  }
  const unsigned char* at = block.data;
  CertificatePtr certificate(d2i_X509(nullptr, &at, block.size));
  ERR_clear_error();
  if (certificate == nullptr || at != block.data + block.size) {
    return fmt::format("block {} does not hold a certificate", number);
  }
  // Computes and keeps what later is only read, so that a malformed extension is seen now.
  if ((X509_get_extension_flags(certificate.get()) & EXFLAG_INVALID) != 0) {
    return fmt::format("block {} has a malformed extension", number);
  }
  return certificate;
}

int refuse_password(char*, int, int, void*) { return -1; }

}  // namespace

Validity validity_of(const X509& certificate) {
  return {seconds_of(X509_get0_notBefore(&certificate)),
          seconds_of(X509_get0_notAfter(&certificate))};
}

std::vector<std::string> uris_of(const X509& certificate) {
  std::vector<std::string> uris;
  const AltNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

CertificateFacts facts_of(const X509& certificate) {
  auto* const unchanged = const_cast<X509*>(&certificate);
  return {.subject = text_of(X509_get_subject_name(&certificate)),
          .issuer = text_of(X509_get_issuer_name(&certificate)),
          .uris = uris_of(certificate),
          .serial = serial_of(certificate),
          .fingerprint = fingerprint_of(certificate),
          .validity = validity_of(certificate),
          .is_authority = X509_check_ca(unchanged) != 0};
}

Result<Certificates, std::string> read_certificates(std::string_view pem) {
  Certificates certificates;
  const BioPtr in = reader_of(pem);
  const std::size_t count = count_blocks(pem);
  for (std::size_t number = 1; number <= count; ++number) {
    PemBlock block;
    const int read = PEM_read_bio(in.get(), &block.name, &block.header, &block.data, &block.size);
    ERR_clear_error();
    if (read != 1) return fmt::format("block {} is cut off or not PEM", number);
    auto certificate = to_certificate(block, number);
    if (!certificate) return certificate.error();
    certificates.push_back(std::move(*certificate));
  }
  return certificates;
}

Result<KeyPtr, std::string> read_key(std::string_view pem) {
  if (count_blocks(pem) == 0) return std::string("holds no PEM");
  if (pem.find("ENCRYPTED") != std::string_view::npos) {
    return std::string("is encrypted; nobody is there to type its password");
  }
  const BioPtr in = reader_of(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(in.get(), nullptr, refuse_password, nullptr));
  ERR_clear_error();
  if (key == nullptr) return std::string("does not hold a whole private key");
  return key;
}

std::int64_t wall_seconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

std::string utc_text(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace skiff
