#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skiff {

// Follows the heads of the frames that a peer sends, for what nghttp2 does not tell: DATA, which it
// drops in silence where the stream is closed, and PRIORITY that makes a stream depend on itself
// (RFC 7540, 5.3.1), which it does not look at, as we told the peer that its priorities count for
// nothing.
class Http2SessionScan final {
 public:
  enum class Kind : std::uint8_t { nothing, body, depends_on_itself };
  struct Found {
    Kind kind = Kind::nothing;
    std::size_t before = 0;  // So many bytes come before it.
    std::int32_t stream = 0;
    std::uint32_t size = 0;  // Of the body, with padding.
  };

  // So many bytes come before the first frame: a client's preface.
  explicit Http2SessionScan(std::size_t preface) : skip_(preface) {}

  // The first of these that `bytes` has. They begin where the last ones ended, or behind `before`
  // of the last ones if something was found.
  Found next(std::string_view bytes);

 private:
  static constexpr std::size_t head_size = 9;
  static constexpr std::size_t dependency_size = 4;

  Found found() const;

  std::size_t skip_;  // Bytes that nothing is to be learned from.
  std::uint8_t wanted_ = head_size;
  std::uint8_t kept_ = 0;
  std::array<char, head_size + dependency_size> head_{};  // Of a frame: its first kept_ bytes.
};

}  // namespace skiff
