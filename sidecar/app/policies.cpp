#include "sidecar/app/policies.h"

#include <malloc.h>

#include <filesystem>
#include <utility>

#include "base/log.h"
#include "sidecar/app/config_text.h"

namespace skiff {

Policies::Policies(const SidecarConfig& config, Apply apply)
    : config_(config), apply_(std::move(apply)), resources_(std::make_shared<Resources>()) {}

bool Policies::load() {
  Result<Resources, Violations> read = config_.policies.empty()
                                           ? Result<Resources, Violations>(Resources{})
                                           : load_resources({config_.policies});
  violations_ = read ? check_sidecar(config_, *read) : read.error();
  if (!violations_.empty()) {
    ++refused_;
    for (const Violation& violation : violations_) {
      log::error(Component::config, "{}", to_text(violation));
    }
    log::error(Component::config, "{} violations: generation {} stays in force", violations_.size(),
               number_);
    return false;
  }
  resources_ = std::make_shared<const Resources>(std::move(*read));
  plan_ = make_route_plan(*resources_, config_.ns);
  ++loaded_;
  apply_(++number_, plan_);
  log::info(Component::config, "generation {}: {} targets, {} rules", number_,
            plan_->targets.size(), plan_->rules.size());
  ::malloc_trim(0);  // What reading took is not needed again for long.
  return true;
}

std::string Policies::text() const { return config_text(config_, *resources_); }

}  // namespace skiff
