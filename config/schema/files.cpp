#include "config/schema/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

namespace skiff {
namespace {

namespace fs = std::filesystem;

std::string last_error() { return std::generic_category().message(errno); }

// Closes a file when it goes.
class Descriptor final {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

bool is_yaml_name(const std::string& name) {
  return !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"));
}

void add_directory(const std::string& path, std::vector<std::string>& files,
                   Violations& violations) {
  const auto complain = [&](std::string what, std::string expected = {}) {
    violations.push_back({.position = {path, 0, 0},
                          .path = {},
                          .what = std::move(what),
                          .expected = std::move(expected),
                          .suggestion = {}});
  };
  std::error_code failure;
  fs::directory_iterator entry(path, failure);
  std::vector<std::string> found;
  for (; !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (is_yaml_name(name) && !entry->is_directory(ignored))
      found.push_back(entry->path().string());
  }
  if (failure) return complain("cannot be listed: " + failure.message());
  if (found.empty()) return complain("has no policies in it", "*.yaml or *.yml files");
  std::ranges::sort(found);
  files.insert(files.end(), found.begin(), found.end());
}

}  // namespace

std::vector<std::string> list_yaml_files(const std::vector<std::string>& paths, std::size_t most,
                                         Violations& violations) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code failure;
    if (fs::is_directory(path, failure)) {
      add_directory(path, files, violations);
    } else {
      files.push_back(path);
    }
  }
  std::set<std::string> seen;
  std::erase_if(files, [&seen](const std::string& file) {
    return !seen.insert(fs::path(file).lexically_normal().string()).second;
  });
  if (files.size() > most) {
    violations.push_back({.position = {},
                          .path = {},
                          .what = std::to_string(files.size()) + " files",
                          .expected = "at most " + std::to_string(most),
                          .suggestion = {}});
    files.clear();
  }
  return files;
}

Result<std::string, ReadError> read_file(const std::string& file, std::size_t most_bytes) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (descriptor.number() < 0 || ::fstat(descriptor.number(), &status) != 0) {
    return ReadError{"cannot be read: " + last_error()};
  }
  if (!S_ISREG(status.st_mode)) return ReadError{"is not a file"};
  const std::string too_large = "is too large; expected at most " + to_text(Bytes{most_bytes});
  if (static_cast<std::size_t>(status.st_size) > most_bytes) return ReadError{too_large};

  std::string text(static_cast<std::size_t>(status.st_size) + 1, '\0');  // One more: has it grown?
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t count = ::read(descriptor.number(), text.data() + length, text.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ReadError{"cannot be read: " + last_error()};
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
  }
  if (length == text.size()) return ReadError{"changed while it was read"};
  text.resize(length);
  return text;
}

}  // namespace skiff
