#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace skiff {

// Which streams of a connection were reset lately, and by whom. With it, what comes on a stream
// that is closed can be judged (RFC 9113, 5.1): what the peer may have sent before it learned that
// we had reset the stream is to be forgiven; what it sends on a stream that it has ended itself is
// not.
class Http2SessionResets final {
 public:
  enum class By : std::uint8_t {
    nobody,  // It ended by END_STREAM.
    us,      // Or it was so long ago that nobody knows any more.
    peer
  };

  // `window`: how many bytes of a stream's body can be on their way.
  explicit Http2SessionResets(std::uint32_t window) : window_(window) {}

  void by_us(std::int32_t stream);  // Also after the peer.
  void by_peer(std::int32_t stream);
  By of(std::int32_t stream) const;  // A stream that is closed.
  // So many bytes came on streams that we had reset. False: more than can have been on their way.
  bool takes_late(std::uint32_t bytes);

 private:
  static constexpr std::size_t most_kept = 16;

  void keep(std::int32_t entry);

  std::array<std::int32_t, most_kept> kept_{};  // A ring; below 0: reset by the peer.
  std::uint32_t next_ = 0;
  std::int32_t forgotten_ = 0;  // The greatest that was kept once and is not any more.
  std::uint32_t window_;
  std::uint64_t late_ = 0;  // Bytes that may still come on streams that we have reset.
};

}  // namespace skiff
