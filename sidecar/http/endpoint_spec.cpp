#include "sidecar/http/endpoint_spec.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace skiff {

EndpointSpecs::EndpointSpecs(std::vector<EndpointSpec> specs) {
  std::vector<EndpointSpec> kept;
  kept.reserve(specs.size());  // So that `seen` may hold views; and no more than is needed.
  std::unordered_set<std::string_view> seen;
  for (EndpointSpec& spec : specs) {
    if (!seen.contains(spec.address)) seen.insert(kept.emplace_back(std::move(spec)).address);
  }
  specs_ = std::make_shared<const std::vector<EndpointSpec>>(std::move(kept));
}

bool EndpointSpecs::operator==(const EndpointSpecs& other) const {
  return specs_ == other.specs_ || std::equal(begin(), end(), other.begin(), other.end());
}

}  // namespace skiff
