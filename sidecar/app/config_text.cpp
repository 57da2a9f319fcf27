#include "sidecar/app/config_text.h"

#include "config/schema/kinds.h"
#include "config/schema/shape_printer.h"

namespace skiff {
namespace {

template <typename T>
void print(std::string& text, const std::vector<T>& documents) {
  for (const T& document : documents) text += "---\n" + to_yaml(to_tree(document));
}

}  // namespace

std::string config_text(const SidecarConfig& sidecar, const Resources& resources) {
  std::string text = to_yaml(to_tree(sidecar));
  print(text, resources.services);
  print(text, resources.gateways);
  print(text, resources.http_routes);
  print(text, resources.traffic_policies);
  return text;
}

}  // namespace skiff
