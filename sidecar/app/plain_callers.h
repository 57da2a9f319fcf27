#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/text_map.h"
#include "sidecar/app/generation.h"
#include "sidecar/observe/labelled_counters.h"

namespace skiff {

// Counts, by the service that they come from, connections in plain text to ports that take mutual
// TLS: who must be given a sidecar before such a port can become strict. A service is known by the
// address of one of its endpoints; `unknown` where none has it, `several` where more than one has.
class PlainCallers final {
 public:
  PlainCallers(Generations& generations, LabelledCounters& counters)
      : generations_(generations), counters_(counters) {}

  void count(std::string_view address);  // Without port.

 private:
  LabelledCounters::Cell& cell_of(std::string_view address);

  Generations& generations_;
  LabelledCounters& counters_;
  std::uint64_t generation_ = 0;
  TextMap<LabelledCounters::Cell*> known_;  // By address; of this generation.
};

}  // namespace skiff
