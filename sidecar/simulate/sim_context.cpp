#include "sidecar/simulate/sim_context.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "sidecar/simulate/sim_attempt.h"
#include "sidecar/simulate/sim_call.h"
#include "sidecar/simulate/sim_job.h"

namespace skiff {

SimContext::SimContext(std::uint64_t seed)
    : loop(seed, &agenda), random(seed ^ 0x5851f42d4c957f2d), pauses(loop), waits(loop) {}

SimContext::~SimContext() = default;

OnPolicyEvent SimContext::teller(const std::string& of) {
  return [this, of](const PolicyEvent& event) {
    std::string what = of;
    for (const std::string_view part :
         {std::string_view(": "), event.policy, std::string_view(" of "), event.subject,
          std::string_view(": "), event.from, std::string_view(" -> "), event.to,
          std::string_view(": "), std::string_view(event.why)}) {
      what += part;
    }
    trace.note(Trace::What::changed, stable_hash(what), 0, agenda.now());
    events.push_back({agenda.now() - start, std::move(what)});
  };
}

bool SimContext::is_cut(const std::string& one, const std::string& other) const {
  return std::ranges::any_of(cuts, [&](const SimCut& cut) {
    return (cut.one == one && cut.other == other) || (cut.one == other && cut.other == one);
  });
}

}  // namespace skiff
