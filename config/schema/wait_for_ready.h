#pragma once

#include <cstdint>

#include "base/units.h"
#include "config/schema/described.h"

namespace skiff {

// Holds a request that no endpoint accepts, until one does.
struct WaitForReadyConfig {
  Milliseconds max_wait{250};         // Then it fails as it would have at once.
  Milliseconds interval{10};          // Of those that wait one is sent as often.
  std::uint32_t max_waiting = 1'024;  // Per worker; others fail at once.

  bool operator==(const WaitForReadyConfig&) const = default;
};

Shape describe(Of<WaitForReadyConfig>);

}  // namespace skiff
