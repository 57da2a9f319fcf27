#include "tests/support/policies.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/schema/snapshot.h"
#include "config/schema/yaml_reader.h"

namespace skiff::test {
namespace {

namespace fs = std::filesystem;

void add_texts(const Violations& violations, std::vector<std::string>& texts) {
  for (const Violation& violation : violations) {
    texts.push_back(to_text(violation).substr(std::string("FILE:").size()));
  }
}

}  // namespace

std::string policy_with(const std::string& line) {
  return "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: a}\n"
         "spec: {ports: [{port: 80}]}\n---\n"
         "apiVersion: skiff.dev/v1\nkind: TrafficPolicy\nmetadata: {name: p}\nspec:\n"
         "  targetRefs: [{name: a}]\n  " +
         line + "\n";
}

Documents read_policies(const std::string& text) {
  auto documents = read_text(text, "FILE");
  if (documents) return std::move(*documents);
  for (const Violation& violation : documents.error()) ADD_FAILURE() << to_text(violation);
  return {};
}

std::vector<std::string> errors_of(const std::string& text) {
  std::vector<std::string> texts;
  const auto documents = read_text(text, "FILE");
  if (!documents) {
    add_texts(documents.error(), texts);
    return texts;
  }
  add_texts(check_together(documents->resources), texts);
  const bool is_alone = documents->resources.services.empty();
  for (const SidecarConfig& sidecar : documents->sidecars) {
    if (!is_alone) add_texts(check_sidecar(sidecar, documents->resources), texts);
  }
  return texts;
}

std::string repository_file(const std::string& path) {
  std::ifstream file(std::string(SKIFF_SOURCE_DIR "/") + path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> repository_files(const std::string& folder, const std::string& ending) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::recursive_directory_iterator(SKIFF_SOURCE_DIR "/" + folder)) {
    const std::string path = fs::relative(entry.path(), SKIFF_SOURCE_DIR).string();
    if (path.ends_with(ending)) paths.push_back(path);
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace skiff::test
