#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/schema/kinds.h"
#include "config/schema/resources.h"
#include "config/schema/sidecar.h"
#include "config/schema/violation.h"

namespace skiff {

// How much may be read at once.
struct ReadLimits {
  std::size_t file_bytes = 16 << 20;
  std::size_t total_bytes = 64 << 20;
  std::size_t files = 10'000;
  std::size_t violations = 1'000;  // After so many, reading stops.
};

// The sidecar's own file: one document of kind Sidecar.
Result<SidecarConfig, Violations> read_sidecar(const std::string& file);

// All resources of `paths`, each a file or a directory. Of a directory: its *.yaml and *.yml in the
// order of their names, but neither hidden files (so editors and mounted ConfigMaps do no harm) nor
// what is in folders below. Each document is checked by itself; how they fit together is checked by
// snapshot.h.
Result<Resources, Violations> read_resources(const std::vector<std::string>& paths);

// The same, where sidecars' own files may be among them. `file_count` is how many files were read.
Result<Documents, Violations> read_documents(const std::vector<std::string>& paths,
                                             std::size_t* file_count = nullptr,
                                             const ReadLimits& limits = {});

// The same of a text; `name` is what its violations call it.
Result<Documents, Violations> read_text(std::string_view text, const std::string& name);

}  // namespace skiff
