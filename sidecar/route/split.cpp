#include "sidecar/route/split.h"

#include "base/hash.h"
#include "sidecar/http/request_key.h"

namespace skiff {

std::uint64_t split_hash(const SplitKey& key, std::string_view client_address,
                         const Request& request) {
  switch (key.type) {
    case SplitKey::Type::none:
      return 0;
    case SplitKey::Type::header:
      return header_key(request, key.name);
    case SplitKey::Type::cookie:
      return cookie_key(request, key.name);
    case SplitKey::Type::source_address:
      return text_key(client_address);
  }
  return 0;
}

const RouteBackend* choose_backend(const RouteRule& rule, std::uint64_t hash, Random& random) {
  if (rule.total_weight == 0) return nullptr;
  if (rule.backends.size() == 1) return &rule.backends.front();

  std::uint64_t point = scale_hash(hash != 0 ? hash : random.next(), rule.total_weight);
  for (const RouteBackend& backend : rule.backends) {
    if (point < backend.weight) return &backend;
    point -= backend.weight;
  }
  return nullptr;
}

}  // namespace skiff
