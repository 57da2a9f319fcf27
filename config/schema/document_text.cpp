#include "config/schema/document_text.h"

#include "config/schema/shape_printer.h"

namespace skiff {
namespace {

template <typename T>
void print(const std::vector<T>& documents, std::string& text) {
  for (const T& document : documents) text += "---\n" + to_yaml(to_tree(document));
}

}  // namespace

std::string to_text(const Resources& resources) {
  std::string text;
  for_each_list(resources, [&text](const auto& list) { print(list, text); });
  return text;
}

std::string to_text(const Documents& documents) {
  std::string text;
  print(documents.sidecars, text);
  return text + to_text(documents.resources);
}

}  // namespace skiff
