#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/http/arena.h"
#include "sidecar/http/error.h"
#include "sidecar/http/headers.h"
#include "sidecar/http/message.h"

namespace skiff {

// Finds one message's body in the bytes of a connection, as they come.
class Http1Body final {
 public:
  struct Piece {
    std::string_view data;     // The next bytes of the body; may be empty.
    std::size_t consumed = 0;  // How many of the bytes given are used up (data and framing).
    bool ended = false;        // The body is whole; what follows belongs to the next message.
    ErrorKind error = ErrorKind::none;  // bad_request_chunk: the framing is wrong.
  };

  void start(BodyKind kind, std::uint64_t length);

  // Takes what it can of [at, at + size). Small chunks are moved together within that memory, so
  // that one call gives one run of data. Call again with the rest while data or consumed is not 0
  // and `ended` is not set. Trailers are kept in `arena`, at most a limit of them.
  Piece next(char* at, std::size_t size, Arena& arena);

  // With `ended`: the trailer fields that may go on (framing, routing, identity and hop-by-hop
  // fields are dropped, RFC 9110 6.5.1).
  const Headers& trailers() const { return trailers_; }
  std::uint64_t remaining() const { return remaining_; }  // Of a `length` body, or of the chunk.
  bool ended() const { return state_ == State::ended; }

 private:
  enum class State : std::uint8_t { counted, endless, size_, extension, data_end, trailer, ended };

  State state_ = State::ended;
  std::uint64_t remaining_ = 0;
  std::uint32_t overhead_ = 0;  // Bytes of extensions so far; of trailers so far.
  Headers trailers_;
};

}  // namespace skiff
