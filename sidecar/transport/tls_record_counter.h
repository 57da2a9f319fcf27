#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/transport/tls_record_key.h"

namespace skiff {

// Counts the records in bytes that pass by, whatever is in them: their number is part of how the
// next one is sealed.
class TlsRecordCounter final {
 public:
  void see(std::string_view bytes) {
    while (!bytes.empty()) {
      if (body_left_ > 0) {
        const std::size_t step = bytes.size() < body_left_ ? bytes.size() : body_left_;
        body_left_ -= step;
        bytes.remove_prefix(step);
        continue;
      }
      header_[header_size_++] = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
      if (header_size_ < header_.size()) continue;
      header_size_ = 0;
      body_left_ = std::size_t{header_[3]} << 8 | header_[4];
      ++count_;
    }
  }

  void restart() { count_ = 0; }
  std::uint64_t count() const { return count_; }
  bool is_between_records() const { return header_size_ == 0 && body_left_ == 0; }

 private:
  std::uint64_t count_ = 0;
  std::size_t body_left_ = 0;
  std::size_t header_size_ = 0;  // Bytes of a header that is not whole yet.
  std::array<unsigned char, TlsRecordKey::header_size> header_{};
};

}  // namespace skiff
