#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace skiff {

// Bytes that must wait. Holds no memory while it is empty.
class ByteBuffer final {
 public:
  bool empty() const { return size() == 0; }
  std::size_t size() const { return bytes_.size() - from_; }
  std::string_view view() const { return {bytes_.data() + from_, size()}; }

  void append(std::string_view more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }

  // The first `count` bytes are done with.
  void consume(std::size_t count) {
    from_ += count;
    if (from_ == bytes_.size()) clear();
  }

  void clear() {
    std::vector<char>().swap(bytes_);
    from_ = 0;
  }

 private:
  std::vector<char> bytes_;
  std::size_t from_ = 0;
};

}  // namespace skiff
