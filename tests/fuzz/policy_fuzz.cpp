#include <cstdlib>
#include <string>

#include "config/schema/document_text.h"
#include "config/schema/snapshot.h"
#include "config/schema/yaml_reader.h"
#include "tests/support/yaml_oracle.h"

namespace skiff {
namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

// What is taken is written back so that it says the same; what is refused has a place.
void check_policies(const std::string& text) {
  const auto documents = read_text(text, "f");
  if (!documents) {
    for (const Violation& violation : documents.error()) {
      expect(violation.position.line > 0 && violation.position.column > 0);
      expect(!to_text(violation).empty());
    }
    return;
  }
  check_together(documents->resources);
  const std::string once = to_text(*documents);
  const auto again = read_text(once, "f");
  expect(again.has_value());
  expect(to_text(*again) == once);
}

// What our YAML parser takes means the same to yaml-cpp, but for a `?` within plain text in a flow,
// which ends the text there as in YAML 1.1.
void check_yaml(const std::string& text) {
  if (text.find('?') != text.npos) return;
  const auto ours = test::our_meaning(text);
  if (ours) expect(ours == test::yaml_cpp_meaning(text));
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  skiff::check_policies(text);
  skiff::check_yaml(text);
  return 0;
}
