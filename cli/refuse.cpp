#include "cli/refuse.h"

namespace skiff {

std::string counted(std::size_t count, std::string_view noun, std::string_view plural) {
  return std::to_string(count).append(" ").append(count == 1 ? noun : plural);
}

ExitCode refuse(const Violations& violations, std::ostream& err) {
  for (const Violation& violation : violations) err << to_text(violation) << '\n';
  err << counted(violations.size(), "violation", "violations") << '\n';
  return ExitCode::bad_input;
}

}  // namespace skiff
