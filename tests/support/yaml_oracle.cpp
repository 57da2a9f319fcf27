#include "tests/support/yaml_oracle.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "config/schema/yaml_document.h"

namespace skiff::test {
namespace {

std::string text_of(std::string_view text) {
  return std::to_string(text.size()).append("\"").append(text).append("\" ");
}

void write(const YamlNode& node, std::string& out) {
  if (node.kind == YamlNode::Kind::empty) {
    out += "~ ";
  } else if (node.is_scalar()) {
    out += text_of(node.text);
  } else {
    const bool is_list = node.kind == YamlNode::Kind::list;
    out += is_list ? "[ " : "{ ";
    for (const YamlNode* inner = node.first; inner; inner = inner->next) {
      if (!is_list) out += text_of(inner->key);
      write(*inner, out);
    }
    out += is_list ? "] " : "} ";
  }
}

class Writer final : public YAML::EventHandler {
 public:
  std::string out;

  void OnDocumentStart(const YAML::Mark&) override { out.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { out += "~ "; }
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override { out += "alias "; }
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    out += text_of(value);
  }
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    out += "[ ";
  }
  void OnSequenceEnd() override { out += "] "; }
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    out += "{ ";
  }
  void OnMapEnd() override { out += "} "; }
};

}  // namespace

YamlMeaning our_meaning(std::string_view text) {
  std::vector<std::string> documents;
  Violations violations;
  YamlFile file("f", text);
  while (const YamlNode* root = file.next(violations)) write(*root, documents.emplace_back());
  if (!violations.empty()) return {};
  return documents;
}

YamlMeaning yaml_cpp_meaning(const std::string& text) {
  constexpr std::size_t most_documents = 1'000;  // It never comes to an end of some texts.
  std::vector<std::string> documents;
  std::istringstream stream(text);
  Writer writer;
  try {
    YAML::Parser parser(stream);
    while (documents.size() < most_documents && parser.HandleNextDocument(writer)) {
      documents.push_back(writer.out);
    }
  } catch (const YAML::Exception&) {
    return {};
  }
  return documents;
}

}  // namespace skiff::test
