#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace skiff {

// A text that is rarely read and may be long: a long one waits in a temporary file without a name
// instead of in memory, where such a file can be had.
class SpooledText final {
 public:
  static constexpr std::size_t most_in_memory = 64 * 1024;

  SpooledText() = default;
  explicit SpooledText(std::string_view text);

  std::string read() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::unique_ptr<std::FILE, Close> file_;  // Null: the text is in memory.
  std::string text_;
  std::size_t size_ = 0;
};

}  // namespace skiff
