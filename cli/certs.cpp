#include "cli/certs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/certificate.h"
#include "base/certificate_maker.h"
#include "base/escape.h"
#include "base/result.h"
#include "config/schema/spiffe_id.h"
#include "config/schema/text_rules.h"

namespace skiff {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t authority_life_s = 365 * 24 * 3600;
constexpr std::string_view default_namespace = "default";
constexpr std::string_view spiffe_scheme = "spiffe://";
constexpr mode_t for_all = 0644;
constexpr mode_t for_owner = 0600;

// What went wrong, with the exit code that it ends with.
struct Trouble {
  std::string text;
  ExitCode code = ExitCode::failure;
};

struct Authority {
  CertificatePtr certificate;
  KeyPtr key;
  std::string trust_domain;
  bool is_new = false;
};

struct Leaf {
  std::string name;  // `SERVICE.NAMESPACE`
  std::string identity;
};

std::string in_folder(const CertsOrder& order, std::string_view name, std::string_view ending) {
  return (fs::path(order.folder) / std::string(name).append(ending)).string();
}

Result<std::string, Trouble> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) return Trouble{path + ": cannot be read: " + std::strerror(errno), ExitCode::bad_input};
  return text;
}

// Beside the file and then in its place, so that nobody sees half of it. Empty: it is written.
std::string write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool ok = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ok = ::close(fd) == 0 && ok;
  ok = ok && ::rename(beside.c_str(), path.c_str()) == 0;
  return ok ? std::string() : path + ": cannot be written: " + std::strerror(errno);
}

// ---- The authority

std::string trust_domain_of(const X509& authority) {
  const std::vector<std::string> uris = uris_of(authority);
  if (uris.size() != 1 || !uris.front().starts_with(spiffe_scheme)) return {};
  return uris.front().substr(spiffe_scheme.size());
}

Result<Authority, Trouble> found_authority(const CertsOrder& order, std::int64_t now) {
  const std::string path = in_folder(order, "ca", ".pem");
  const auto bad = [&](const std::string& why) {
    return Trouble{path + ": " + why, ExitCode::bad_input};
  };
  const auto pem = read_file(path);
  if (!pem) return pem.error();
  const auto key_pem = read_file(in_folder(order, "ca", ".key"));
  if (!key_pem) return key_pem.error();
  auto certificates = read_certificates(*pem);
  if (!certificates) return bad(certificates.error());
  if (certificates->empty()) return bad("holds no PEM");
  auto key = read_key(*key_pem);
  if (!key)
    return Trouble{in_folder(order, "ca", ".key") + ": " + key.error(), ExitCode::bad_input};

  Authority authority{std::move(certificates->front()), std::move(*key), {}};
  authority.trust_domain = trust_domain_of(*authority.certificate);
  if (!facts_of(*authority.certificate).is_authority) return bad("is no authority's");
  if (X509_check_private_key(authority.certificate.get(), authority.key.get()) != 1) {
    return bad("does not belong to ca.key");
  }
  if (authority.trust_domain.empty()) return bad("names no trust domain");
  if (!order.trust_domain.empty() && order.trust_domain != authority.trust_domain) {
    return bad(fmt::format("is of {}, and not of {}", authority.trust_domain, order.trust_domain));
  }
  const Validity validity = validity_of(*authority.certificate);
  if (now > validity.not_after) return bad("expired at " + utc_text(validity.not_after));
  return authority;
}

Result<Authority, Trouble> new_authority(const CertsOrder& order, std::int64_t now) {
  if (order.trust_domain.empty()) {
    return Trouble{order.folder + " has no authority yet: say its --trust-domain", ExitCode::usage};
  }
  Authority authority{nullptr, make_key(), order.trust_domain, true};
  authority.certificate =
      make_certificate(order_root(order.authority, order.trust_domain, now, authority_life_s),
                       *authority.key, nullptr, *authority.key);
  if (authority.certificate == nullptr) return Trouble{"the authority cannot be made"};
  return authority;
}

Result<Authority, Trouble> get_authority(const CertsOrder& order, std::int64_t now) {
  const bool has_certificate = fs::exists(in_folder(order, "ca", ".pem"));
  const bool has_key = fs::exists(in_folder(order, "ca", ".key"));
  if (has_certificate != has_key) {
    return Trouble{
        fmt::format("{}: has ca.{} without ca.{}; move it away, or bring the other back",
                    order.folder, has_certificate ? "pem" : "key", has_certificate ? "key" : "pem"),
        ExitCode::bad_input};
  }
  return has_certificate ? found_authority(order, now) : new_authority(order, now);
}

// ---- The leaves

Result<Leaf, Trouble> leaf_of(const std::string& service, const Authority& authority) {
  if (!text_rules::service_name.holds(service)) {
    return Trouble{fmt::format("\"{}\": expected {}", service, text_rules::service_name.expected),
                   ExitCode::usage};
  }
  const std::size_t dot = service.find('.');
  const std::string name = service.substr(0, dot);
  const std::string name_space(
      dot == std::string::npos ? default_namespace : std::string_view(service).substr(dot + 1));
  return Leaf{fmt::format("{}.{}", name, name_space),
              full_identity(workload_path(name_space, name), authority.trust_domain)};
}

Result<std::vector<Leaf>, Trouble> plan_leaves(const CertsOrder& order,
                                               const Authority& authority) {
  std::vector<Leaf> leaves;
  for (const std::string& service : order.services) {
    auto leaf = leaf_of(service, authority);
    if (!leaf) return leaf.error();
    for (const char* ending : {".pem", ".key"}) {
      const std::string path = in_folder(order, leaf->name, ending);
      if (fs::exists(path) && !order.force) {
        return Trouble{path + ": exists; --force overwrites it"};
      }
    }
    leaves.push_back(std::move(*leaf));
  }
  return leaves;
}

std::string write_pair(const CertsOrder& order, std::string_view name, const X509& certificate,
                       const EVP_PKEY& key) {
  std::string wrong = write_file(in_folder(order, name, ".key"), to_pem(key), for_owner);
  if (!wrong.empty()) return wrong;
  return write_file(in_folder(order, name, ".pem"), to_pem(certificate), for_all);
}

std::string write_leaf(const CertsOrder& order, const Leaf& leaf, const Authority& authority,
                       std::int64_t now) {
  const KeyPtr key = make_key();
  const auto valid_s = std::chrono::duration_cast<std::chrono::seconds>(order.valid).count();
  const CertificatePtr certificate = make_certificate(order_leaf(leaf.identity, now, valid_s), *key,
                                                      authority.certificate.get(), *authority.key);
  if (certificate == nullptr) return leaf.identity + ": no certificate can be made of it";
  return write_pair(order, leaf.name, *certificate, *key);
}

ExitCode tell(const Trouble& trouble, std::ostream& err) {
  err << "skiff: " << trouble.text << '\n';
  return trouble.code;
}

std::optional<Trouble> check_life(const CertsOrder& order, const Authority& authority,
                                  std::int64_t now) {
  const std::int64_t end = validity_of(*authority.certificate).not_after;
  const auto valid_s = std::chrono::duration_cast<std::chrono::seconds>(order.valid).count();
  if (valid_s >= 1 && now + valid_s <= end) return std::nullopt;
  return Trouble{
      fmt::format("--valid: at least 1s, and not beyond the authority's end, {}", utc_text(end)),
      ExitCode::usage};
}

// ---- Showing

std::string state_of(const Validity& validity, std::int64_t now) {
  if (now > validity.not_after) return "expired";
  return now < validity.not_before ? "not valid yet" : "valid";
}

void show(const X509& certificate, std::int64_t now, std::ostream& out) {
  const CertificateFacts facts = facts_of(certificate);
  std::string text;
  append_printable(text, facts.uris.empty() ? "(no identity)" : facts.uris.front());
  for (std::size_t i = 1; i < facts.uris.size(); ++i) append_printable(text, " " + facts.uris[i]);
  text += facts.is_authority ? "  (an authority)" : "";
  text += "\n  subject   ";
  append_printable(text, facts.subject);
  text += "\n  issuer    ";
  append_printable(text, facts.issuer);
  out << text << "\n  validity  " << utc_text(facts.validity.not_before) << " to "
      << utc_text(facts.validity.not_after) << ": " << state_of(facts.validity, now)
      << "\n  serial    " << facts.serial << "\n  sha256    " << facts.fingerprint << '\n';
}

}  // namespace

ExitCode create_certs(const CertsOrder& order, std::int64_t now, std::ostream& out,
                      std::ostream& err) {
  if (!order.trust_domain.empty() && !is_trust_domain(order.trust_domain)) {
    return tell({fmt::format("--trust-domain: expected {}", text_rules::trust_domain.expected),
                 ExitCode::usage},
                err);
  }
  std::error_code error;
  fs::create_directories(order.folder, error);
  if (error) return tell({order.folder + ": " + error.message()}, err);
  const auto authority = get_authority(order, now);
  if (!authority) return tell(authority.error(), err);
  const auto leaves = plan_leaves(order, *authority);
  if (!leaves) return tell(leaves.error(), err);
  if (const auto trouble = check_life(order, *authority, now)) return tell(*trouble, err);

  if (authority->is_new) {
    const std::string wrong = write_pair(order, "ca", *authority->certificate, *authority->key);
    if (!wrong.empty()) return tell({wrong}, err);
    out << in_folder(order, "ca", ".pem") << "  " << spiffe_scheme << authority->trust_domain
        << '\n';
  }
  for (const Leaf& leaf : *leaves) {
    const std::string wrong = write_leaf(order, leaf, *authority, now);
    if (!wrong.empty()) return tell({wrong}, err);
    out << in_folder(order, leaf.name, ".pem") << "  " << leaf.identity << '\n';
  }
  return ExitCode::ok;
}

ExitCode show_certs(const std::vector<std::string>& files, std::int64_t now, std::ostream& out,
                    std::ostream& err) {
  ExitCode code = ExitCode::ok;
  for (const std::string& file : files) {
    const auto pem = read_file(file);
    if (!pem) {
      code = tell(pem.error(), err);
      continue;
    }
    const auto certificates = read_certificates(*pem);
    if (!certificates || certificates->empty()) {
      const std::string why = certificates ? "holds no certificate" : certificates.error();
      code = tell({fmt::format("{}: {}", file, why), ExitCode::bad_input}, err);
      continue;
    }
    for (const CertificatePtr& certificate : *certificates) show(*certificate, now, out);
  }
  return code;
}

}  // namespace skiff
