#include "config/schema/yaml_reader.h"

#include <algorithm>

#include "base/suggest.h"
#include "config/schema/files.h"
#include "config/schema/scalars.h"
#include "config/schema/shape_reader.h"
#include "config/schema/yaml_document.h"

namespace skiff {
namespace {

std::vector<std::string_view> kind_names(bool with_sidecar) {
  std::vector<std::string_view> names;
  for (const Kind& kind : kinds()) {
    if (with_sidecar || kind.is_resource) names.push_back(kind.name);
  }
  return names;
}

// Reads the documents of one text into `documents`.
class DocumentReader final {
 public:
  DocumentReader(FileName file, std::size_t most_violations, Documents& documents,
                 Violations& violations)
      : file_(std::move(file)),
        most_violations_(most_violations),
        documents_(documents),
        violations_(violations) {}

  void read(std::string_view text) {
    YamlFile yaml(file_, text);
    while (const YamlNode* root = yaml.next(violations_)) {
      read_document(*root);
      if (violations_.size() >= most_violations_) return;
    }
  }

 private:
  void read_document(const YamlNode& root) {
    const YamlNode* name = root.find("kind");
    if (root.kind != YamlNode::Kind::map) {
      return report(root, "", "the document is not a map", "apiVersion, kind, metadata and spec");
    }
    if (name == nullptr) return report(root, "kind", "is missing", one_of(kind_names(true)));
    const Kind* kind = name->is_scalar() ? find_kind(name->text) : nullptr;
    if (kind == nullptr) return complain_of_kind(*name);
    read_object(kind->shape(), root, file_, kind->append(documents_), violations_);
  }

  void complain_of_kind(const YamlNode& name) {
    const auto names = kind_names(true);
    report(name, "kind", in_quotes(name.text) + " is not known", one_of(names));
    violations_.back().suggestion = nearest(name.text, names);
  }

  void report(const YamlNode& node, std::string path, std::string what, std::string expected) {
    violations_.push_back({.position = {file_, node.line, node.column},
                           .path = std::move(path),
                           .what = std::move(what),
                           .expected = std::move(expected),
                           .suggestion = {}});
  }

  const FileName file_;
  const std::size_t most_violations_;
  Documents& documents_;
  Violations& violations_;
};

Violation violation_of(const std::string& file, std::string what, std::string expected) {
  return {.position = {file, 0, 0},
          .path = {},
          .what = std::move(what),
          .expected = std::move(expected),
          .suggestion = {}};
}

}  // namespace

Result<Documents, Violations> read_text(std::string_view text, const std::string& name) {
  Documents documents;
  Violations violations;
  DocumentReader(name, ReadLimits{}.violations, documents, violations).read(text);
  if (!violations.empty()) return violations;
  return documents;
}

Result<Documents, Violations> read_documents(const std::vector<std::string>& paths,
                                             std::size_t* file_count, const ReadLimits& limits) {
  Documents documents;
  Violations violations;
  const std::vector<std::string> files = list_yaml_files(paths, limits.files, violations);
  std::size_t bytes_left = limits.total_bytes;
  for (const std::string& file : files) {
    if (violations.size() >= limits.violations) break;
    const std::size_t most = std::min(limits.file_bytes, bytes_left);
    const auto text = read_file(file, most);
    if (!text) {
      violations.push_back(violation_of(file, text.error().what, {}));
      continue;
    }
    bytes_left -= text->size();
    DocumentReader(file, limits.violations, documents, violations).read(*text);
  }
  if (file_count) *file_count = files.size();
  if (!violations.empty()) return violations;
  return documents;
}

Result<Resources, Violations> read_resources(const std::vector<std::string>& paths) {
  auto documents = read_documents(paths);
  if (!documents) return documents.error();
  if (!documents->sidecars.empty()) {
    return Violations{violation_of(documents->sidecars.front().position.file.text(),
                                   "a Sidecar among the policies", one_of(kind_names(false)))};
  }
  return std::move(documents->resources);
}

Result<SidecarConfig, Violations> read_sidecar(const std::string& file) {
  auto documents = read_documents({file});
  if (!documents) return documents.error();
  if (documents->sidecars.size() != 1 || count(documents->resources) != 0) {
    return Violations{violation_of(file, "not a sidecar's file", "one document of kind Sidecar")};
  }
  return std::move(documents->sidecars.front());
}

}  // namespace skiff
