#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"
#include "sidecar/http/arena.h"
#include "sidecar/http/headers.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// Writes messages to one connection: gathers the pieces of a turn and sends them by one system
// call. What the kernel does not take is copied and kept.
class Http1Writer final {
 public:
  enum class Flushed { all, some, broken };

  // A message begins; all pieces are borrowed until flush(). `arena` lives as long as the message.
  void begin(Arena& arena, std::string_view head, bool chunked);
  void data(std::string_view bytes);
  void end(const Headers& trailers);

  // `some`: wait for the transport to become writable and call again. `broken`: `error` says why.
  Flushed flush(Transport& transport);

  bool empty() const { return kept_.empty() && (turn_ == nullptr || turn_->count == 0); }
  std::size_t kept() const { return kept_.size(); }
  std::uint64_t sent() const { return sent_; }  // Bytes that the kernel took, ever.

  void forget() {
    turn_ = nullptr;
  }  // The message's arena goes. Needs what was begun to be flushed.

 private:
  static constexpr unsigned most_pieces = 24;
  struct Turn {
    Arena* arena;
    bool chunked;
    unsigned count = 0;
    unsigned chunk_heads = 0;
    std::array<iovec, most_pieces> pieces;
    std::array<std::array<char, 20>, most_pieces / 3> chunk_head;
  };

  void push(std::string_view piece);
  void keep_pieces(std::size_t skip);

  Turn* turn_ = nullptr;  // In the message's arena.
  ByteBuffer kept_;
  std::uint64_t sent_ = 0;
};

}  // namespace skiff
