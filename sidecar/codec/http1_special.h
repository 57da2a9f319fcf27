#pragma once

#include <cstdint>
#include <string_view>

#include "sidecar/codec/http1_scan.h"
#include "sidecar/http/arena.h"
#include "sidecar/http/headers.h"

namespace skiff {

// What the Transfer-Encoding lines of one message say together.
class TransferCodings final {
 public:
  void take(std::string_view value);

  bool any() const { return any_; }
  // Something that may mean one thing here and another elsewhere: an empty element, no token,
  // chunked with parameters, twice or not last.
  bool malformed() const { return malformed_; }
  bool only_chunked() const { return chunked_ && !others_ && !malformed_; }

 private:
  void take_one(std::string_view coding);

  bool any_ = false;
  bool malformed_ = false;
  bool chunked_ = false;
  bool others_ = false;
};

// The fields of a head that concern this connection only, or the framing.
struct Http1Special {
  TransferCodings transfer;
  std::string_view length;  // Of Content-Length, the last.
  std::string_view host;
  std::string_view upgrade;
  std::uint32_t lengths = 0;
  std::uint32_t hosts = 0;
  std::uint32_t upgrades = 0;
  std::uint32_t options = 0;  // That Connection names beside those below.
  bool close = false;
  bool keep_alive = false;
  bool upgrade_option = false;
  bool malformed = false;  // A (Proxy-)Connection field is no list of tokens, or names very many.
  bool expects_continue = false;
  bool expects_other = false;
  bool trailers = false;  // TE lists it.
};

// Sorts the fields: what is special goes to `special`, the rest to `headers`, but for those that a
// Connection field names. All views then point into `to`, a copy of the memory at `from`.
void sort_fields(const ScannedFields& fields, const char* from, const char* to, Arena& arena,
                 Http1Special& special, Headers& headers);

// The value of a Content-Length field: digits, below 2^63. False: it is none.
bool parse_content_length(std::string_view text, std::uint64_t& length);

}  // namespace skiff
