#include "sidecar/app/credentials.h"

#include <filesystem>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/log.h"
#include "base/result.h"
#include "config/schema/files.h"

namespace skiff {
namespace {

constexpr std::size_t most_file_bytes = 1 << 20;

// Reads the files that a material is made of; the first that cannot be read ends it.
class Reader final {
 public:
  std::string read(const std::string& path) {
    if (!error_.empty()) return {};
    auto text = read_file(path, most_file_bytes);
    if (!text) {
      error_ = path + ": " + text.error().what;
      return {};
    }
    return std::move(*text);
  }
  std::string& error() { return error_; }

 private:
  std::string error_;
};

Result<TlsMaterial, std::string> read_material(const IdentityConfig& config) {
  Reader reader;
  TlsMaterial material;
  material.certificate = reader.read(config.certificate);
  material.key = reader.read(config.key);
  material.bundles.push_back({config.trust_domain, reader.read(config.bundle)});
  for (const FederatedBundle& other : config.federated) {
    material.bundles.push_back({other.trust_domain, reader.read(other.bundle)});
  }
  if (!reader.error().empty()) return std::move(reader.error());
  return material;
}

std::uint64_t hash_of(const TlsMaterial& material) {
  std::string all = material.certificate + '\0' + material.key;
  for (const TrustBundle& bundle : material.bundles) {
    all.append(1, '\0').append(bundle.trust_domain).append(1, '\0').append(bundle.roots);
  }
  return stable_hash(all);
}

}  // namespace

Credentials::Credentials(const IdentityConfig& config, CounterSet& counters, Apply apply)
    : config_(config), counters_(counters), apply_(std::move(apply)) {
  trust_domains_.push_back(config.trust_domain);
  for (const FederatedBundle& other : config.federated) {
    trust_domains_.push_back(other.trust_domain);
  }
}

bool Credentials::load() {
  const auto material = read_material(config_);
  if (!material) return refuse(material.error());
  const std::uint64_t hash = hash_of(*material);
  if (hash == in_force_) return true;

  const auto leaf = check_material(*material);
  if (!leaf) return refuse(leaf.error());
  in_force_ = hash;
  leaf_ = *leaf;
  error_.clear();
  counters_[CounterId::certificates_accepted].add();
  counters_[CounterId::certificate_not_after].store(static_cast<std::uint64_t>(leaf_.not_after));
  log::info(Component::transport, {{"serial", leaf_.serial}}, "this sidecar is {}", leaf_.identity);
  apply_(*material);
  return true;
}

bool Credentials::refuse(std::string error) {
  error_ = std::move(error);
  counters_[CounterId::certificates_refused].add();
  log::error(Component::transport, "certificates refused: {}", error_);
  return false;
}

void Credentials::watch(boost::asio::io_context& io) {
  std::set<std::filesystem::path> folders;
  const auto add = [&folders](const std::string& file) {
    folders.insert(std::filesystem::absolute(file).lexically_normal().parent_path());
  };
  add(config_.certificate);
  add(config_.key);
  add(config_.bundle);
  for (const FederatedBundle& other : config_.federated) add(other.bundle);
  for (const auto& folder : folders) {
    watches_.push_back(std::make_unique<PolicyWatch>(io, folder.string(), [this] { load(); }));
  }
}

}  // namespace skiff
