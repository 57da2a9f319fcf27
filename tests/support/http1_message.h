#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "sidecar/codec/http1_parser.h"

namespace skiff {

// What became of one message that a connection read, as texts that can be compared.
struct ReadMessage {
  enum class End { more, refused, whole };
  End end = End::more;  // `whole`: head and body; a body without an end counts as whole.
  ErrorKind error = ErrorKind::none;
  bool has_head = false;
  bool keep_alive = false;
  std::string head;      // As it is forwarded.
  std::string meaning;   // What else the parser says of it, such as `length 5, expects 100`.
  std::string body;      // Without framing.
  std::string trailers;  // As they are forwarded.
  std::size_t used = 0;  // Bytes of the input that belong to the message.

  bool operator==(const ReadMessage&) const = default;
};

// Reads one message that comes in pieces: those of `bytes` between the offsets `cuts`, which rise.
// What the codec does not consume comes again, as a connection would do it.
ReadMessage read_request(std::string_view bytes, std::span<const std::size_t> cuts = {},
                         const Http1Limits& limits = {});

// An answer to what `asked` says: `HEAD`, `CONNECT`, `upgrade websocket`, or nothing (GET).
ReadMessage read_response(std::string_view bytes, std::string_view asked = {},
                          std::span<const std::size_t> cuts = {}, const Http1Limits& limits = {});

// The same message, written anew from what was read: its body by length or in one chunk.
std::string rewritten(const ReadMessage& message);

}  // namespace skiff
