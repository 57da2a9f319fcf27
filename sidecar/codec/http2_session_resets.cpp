#include "sidecar/codec/http2_session_resets.h"

#include <algorithm>
#include <cstdlib>

namespace skiff {

void Http2SessionResets::by_us(std::int32_t stream) {
  for (std::int32_t& entry : kept_) {
    if (entry == stream) return;
    if (entry != -stream) continue;
    entry = stream;
    late_ += window_;
    return;
  }
  late_ += window_;
  keep(stream);
}

void Http2SessionResets::by_peer(std::int32_t stream) {
  if (of(stream) == By::nobody) keep(-stream);
}

void Http2SessionResets::keep(std::int32_t entry) {
  std::int32_t& place = kept_[next_++ % most_kept];
  forgotten_ = std::max(forgotten_, std::abs(place));
  place = entry;
}

Http2SessionResets::By Http2SessionResets::of(std::int32_t stream) const {
  for (const std::int32_t entry : kept_) {
    if (entry == stream) return By::us;
    if (entry == -stream) return By::peer;
  }
  return stream <= forgotten_ ? By::us : By::nobody;
}

bool Http2SessionResets::takes_late(std::uint32_t bytes) {
  const bool takes = bytes > 0 && bytes <= late_;
  late_ -= std::min<std::uint64_t>(bytes, late_);
  return takes;
}

}  // namespace skiff
