#include "sidecar/app/config_text.h"

#include "config/schema/document_text.h"
#include "config/schema/shape_printer.h"

namespace skiff {

std::string config_text(const SidecarConfig& sidecar, const Resources& resources) {
  return to_yaml(to_tree(sidecar)) + to_text(resources);
}

}  // namespace skiff
