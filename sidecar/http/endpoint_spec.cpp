#include "sidecar/http/endpoint_spec.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace skiff {

EndpointSpecs::EndpointSpecs(const std::vector<EndpointSpec>& specs) {
  std::vector<const EndpointSpec*> kept;
  std::unordered_set<std::string_view> addresses;
  std::unordered_map<std::string_view, std::string_view> zones;  // As said, and in the text.
  std::size_t length = 0;
  for (const EndpointSpec& spec : specs) {
    if (!addresses.insert(spec.address).second) continue;
    kept.push_back(&spec);
    length += spec.address.size();
    if (zones.try_emplace(spec.zone).second) length += spec.zone.size();
  }

  auto known = std::make_shared<Known>();
  known->text.reserve(length);  // So that views stay valid; and no more than is needed.
  known->all.reserve(kept.size());
  const auto keep = [&text = known->text](std::string_view part) {
    text += part;
    return std::string_view(text).substr(text.size() - part.size());
  };
  for (auto& [said, zone] : zones) zone = keep(said);
  for (const EndpointSpec* spec : kept) {
    known->all.push_back({keep(spec->address), zones[spec->zone], spec->weight});
  }
  known_ = std::move(known);
}

bool EndpointSpecs::operator==(const EndpointSpecs& other) const {
  return known_ == other.known_ || std::equal(begin(), end(), other.begin(), other.end());
}

}  // namespace skiff
