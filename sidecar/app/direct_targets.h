#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/text_map.h"
#include "sidecar/app/target.h"

namespace skiff {

// Targets of one worker that are one address each: where captured connections go that mean exactly
// this address, not a service. Made when one is first meant; those that nothing used for a while
// go. At most `most`.
class DirectTargets final : private Timer {
 public:
  static constexpr std::size_t most = 1'024;
  static constexpr Duration kept = std::chrono::minutes(1);

  explicit DirectTargets(const TargetContext& context);
  ~DirectTargets();

  // Forwards to the target of `key`; `spec` says what it is, once, and again when `generation` is
  // another. Fails with `overload` where there are too many.
  void forward(std::string_view key, std::uint64_t generation,
               const std::function<TargetSpec()>& spec, Exchange& exchange, Reply& reply);

  std::size_t size() const { return targets_.size(); }

 private:
  class Use;
  struct Held {
    std::unique_ptr<Target> target;
    std::uint64_t generation = 0;
    std::uint32_t in_use = 0;  // Exchanges.
    TimePoint last_use{};
  };

  void expired(TimePoint now) override;

  const TargetContext& context_;
  TextMap<std::unique_ptr<Held>> targets_;
};

}  // namespace skiff
