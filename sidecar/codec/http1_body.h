#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sidecar/http/arena.h"
#include "sidecar/http/error.h"
#include "sidecar/http/headers.h"
#include "sidecar/http/message.h"

namespace skiff {

// Finds one message's body in the bytes of a connection, as they come. Of chunks (RFC 9112, 7.1):
// at most 16 digits for a size, 4 KiB of extensions a message (they go no further), 64 trailers in
// 8 KiB.
class Http1Body final {
 public:
  struct Piece {
    std::string_view data;     // The next bytes of the body; may be empty.
    std::size_t consumed = 0;  // How many of the bytes given are used up (data and framing).
    bool ended = false;        // The body is whole; what follows belongs to the next message.
    ErrorKind error = ErrorKind::none;  // bad_request_chunk: the framing is wrong; stays so.
  };

  // `none`, and a length of 0, have ended already.
  void start(BodyKind kind, std::uint64_t length);

  // Takes what it can of [at, at + size). Small chunks are moved together within that memory, so
  // that one call gives one run of data. Call again with the rest while data or consumed is not 0
  // and `ended` is not set; what stays (a part of a trailer's line) comes again before what follows
  // it. Trailers are kept in `arena`.
  Piece next(char* at, std::size_t size, Arena& arena);

  // With `ended`: the trailer fields that may go on (framing, routing, identity and hop-by-hop
  // fields are dropped, RFC 9110 6.5.1).
  const Headers& trailers() const { return trailers_; }
  std::uint32_t dropped_trailers() const { return dropped_trailers_; }
  std::uint64_t remaining() const { return remaining_; }  // Of a `length` body, or of the chunk.
  bool ended() const { return state_ == State::ended; }

 private:
  // size_first -> size_more -> [extension] -> size_lf -> data -> data_cr -> data_lf -> size_first,
  // or from size_lf of the last chunk to trailer. From everywhere to failed.
  enum class State : std::uint8_t {
    counted,
    endless,
    size_first,
    size_more,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    ended,
    failed,
  };

  // Within an extension: `;name`, `;name=token`, `;name="text\"text"`, without any space.
  enum class Extension : std::uint8_t {
    name_first,
    name,
    value_first,
    token,
    quoted,
    escaped,
    closed,
  };

  Piece plain(char* at, std::size_t size);
  Piece chunked(char* at, std::size_t size, Arena& arena);
  State after(char c);
  State after_size(char c);
  State after_extension(char c);
  bool take_extension(char c);
  bool read_trailers(const char*& at, const char* end, Arena& arena);
  void keep_trailer(const char* line, std::size_t size, Field field, Arena& arena);
  void fail() { state_ = State::failed; }

  State state_ = State::ended;
  Extension extension_ = Extension::closed;
  std::uint8_t digits_ = 0;            // Of the chunk's size, so far.
  std::uint32_t extension_bytes_ = 0;  // Of the message, so far.
  std::uint32_t trailer_bytes_ = 0;
  std::uint32_t dropped_trailers_ = 0;
  std::uint64_t remaining_ = 0;
  Headers trailers_;
};

}  // namespace skiff
