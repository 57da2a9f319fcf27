#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skiff::test {

// What each document of a text says, in one notation; nothing where the text is refused.
using YamlMeaning = std::optional<std::vector<std::string>>;

// By our parser, and by yaml-cpp, which takes much that ours refuses.
YamlMeaning our_meaning(std::string_view text);
YamlMeaning yaml_cpp_meaning(const std::string& text);

}  // namespace skiff::test
