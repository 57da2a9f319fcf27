#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// What one connection is about to send: frames of many streams, gathered for one system call.
// Holds memory only while there is something: a block of the thread's.
class Http2Output final {
 public:
  enum class Sent : std::uint8_t { all, some, broken };

  // No more than `most` bytes are gathered, but for the last frame; so many may have to wait.
  explicit Http2Output(std::size_t most = default_most) : most_(most) {}
  Http2Output(const Http2Output&) = delete;
  Http2Output& operator=(const Http2Output&) = delete;
  ~Http2Output();

  bool empty() const { return block_ == nullptr && waiting_.empty(); }
  // Whether one frame more, of up to largest_frame bytes, may be put in before send().
  bool has_room() const;
  bool borrows() const;                                    // send() must follow in this turn.
  std::size_t waiting() const { return waiting_.size(); }  // Bytes that the peer did not take.
  std::uint64_t given() const { return given_; }           // Bytes put in, ever.
  std::uint64_t written() const { return written_; }       // Of these, what the transport took.

  // Both need has_room() at a frame's begin. What is borrowed must live until send() returns, and
  // is at least half of a largest frame.
  void copy(std::string_view bytes);
  void borrow(std::string_view bytes);

  // By one system call. `some`: what is left was copied; wait for the transport and call again.
  Sent send(Transport& transport);

  static constexpr std::size_t default_most = 256 * 1024;       // More gains nothing.
  static constexpr std::size_t largest_frame = 16 * 1024 + 64;  // As nghttp2 gives them.

 private:
  struct Block;
  class Blocks;

  static Blocks& blocks();
  Sent send_waiting(Transport& transport);
  void forget_block();

  const std::size_t most_;
  Block* block_ = nullptr;
  ByteBuffer waiting_;
  std::uint64_t given_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace skiff
