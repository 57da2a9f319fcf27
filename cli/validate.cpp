#include "cli/validate.h"

#include "cli/refuse.h"
#include "config/schema/snapshot.h"
#include "config/schema/warnings.h"
#include "config/schema/yaml_reader.h"

namespace skiff {

ExitCode validate(const std::vector<std::string>& paths, std::ostream& out, std::ostream& err) {
  std::size_t files = 0;
  auto documents = read_documents(paths, &files);
  if (!documents) return refuse(documents.error(), err);

  const Resources& resources = documents->resources;
  Violations violations = check_together(resources);
  read_key_files(documents->resources.jwt_policies, violations);
  const std::size_t resource_count = count(resources);
  for (const SidecarConfig& sidecar : documents->sidecars) {
    if (resource_count == 0) break;  // A sidecar's file alone: its policies are elsewhere.
    const Violations found = check_sidecar(sidecar, resources);
    violations.insert(violations.end(), found.begin(), found.end());
  }
  if (!violations.empty()) return refuse(violations, err);
  for (const Violation& warning : warnings_of(resources)) {
    err << to_text(warning) << " (warning)\n";
  }

  out << counted(resource_count + documents->sidecars.size(), "resource", "resources") << " in "
      << counted(files, "file", "files") << ": ok\n";
  return ExitCode::ok;
}

}  // namespace skiff
