#include "sidecar/codec/http1_encoder.h"

#include <charconv>
#include <cstring>

namespace skiff {
namespace {

constexpr std::size_t most_digits = 20;  // Of a 64-bit number.
// The fixed texts of a head and its number, with room to spare.
constexpr std::size_t fixed_bytes = 320;

// Writes behind what it wrote before; the caller saw to it that there is room.
class Writer final {
 public:
  explicit Writer(char* to) : begin_(to), at_(to) {}

  void text(std::string_view text) {
    if (text.empty()) return;  // Its data may be null.
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void number(std::uint64_t number, int base = 10) {
    at_ = std::to_chars(at_, at_ + most_digits, number, base).ptr;
  }
  void line(std::string_view name_and_colon, std::string_view value) {
    text(name_and_colon);
    text(value);
    text("\r\n");
  }
  void fields(const Headers& headers);
  void length(std::uint64_t length) {
    text("Content-Length: ");
    number(length);
    text("\r\n");
  }

  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

 private:
  char* begin_;
  char* at_;
};

// Lines that stand one behind the other in memory are copied as one run.
void Writer::fields(const Headers& headers) {
  for (const Field* field = headers.begin(); field != headers.end();) {
    if (!field->is_line) {
      text(field->name());
      line(": ", field->value());
      ++field;
      continue;
    }
    const char* const run = field->name_at;
    const char* run_end = run;
    for (; field != headers.end() && field->is_line && (field->name_at == run_end); ++field)
      run_end = field->line_end();
    text({run, static_cast<std::size_t>(run_end - run)});
  }
}

std::size_t size_of(const Headers& headers) {
  std::size_t size = 0;
  for (const Field& field : headers) size += field.name_size + field.value_size + 4U;
  return size;
}

void write_framing(const Response& response, const ResponseFraming& framing, Writer& to) {
  const bool tunnel = response.body == BodyKind::tunnel;
  if (response.status == 101) {
    to.text("Connection: upgrade\r\n");
    to.line("Upgrade: ", response.upgrade);
  }
  if (response.status < 200 || tunnel) return;
  if (framing.chunked) {
    to.text("Transfer-Encoding: chunked\r\n");
  } else if (response.has_length) {
    to.length(response.content_length);
  }
  if (!framing.keep_alive) {
    to.text("Connection: close\r\n");
  } else if (framing.client_is_1_0) {
    to.text("Connection: keep-alive\r\n");
  }
}

void write_options(const Request& request, Writer& to) {
  const bool upgrade = !request.upgrade.empty();
  if (upgrade) to.line("Upgrade: ", request.upgrade);
  if (request.accepts_trailers) to.text("TE: trailers\r\n");
  if (upgrade && request.accepts_trailers) {
    to.text("Connection: upgrade, TE\r\n");
  } else if (upgrade) {
    to.text("Connection: upgrade\r\n");
  } else if (request.accepts_trailers) {
    to.text("Connection: TE\r\n");
  }
  if (request.expects_continue) to.text("Expect: 100-continue\r\n");
}

void write_hop(const HopFields& hop, Writer& to) {
  if (hop.left_ms >= 0) {
    to.text("x-skiff-deadline-ms: ");
    to.number(static_cast<std::uint32_t>(hop.left_ms));
    to.text("\r\n");
  }
  if (hop.as_grpc_timeout) {
    to.text("grpc-timeout: ");
    to.number(static_cast<std::uint32_t>(hop.left_ms));
    to.text("m\r\n");
  }
  if (hop.attempt <= 1) return;
  to.text("x-skiff-attempt: ");
  to.number(hop.attempt);
  to.text("\r\n");
}

}  // namespace

std::string_view encode_request_head(const Request& request, Arena& arena, const HopFields& hop) {
  const std::size_t bound = fixed_bytes + request.method_name.size() + request.target.size() +
                            request.authority.size() + request.upgrade.size() +
                            size_of(request.headers);
  char* const to = arena.allocate(bound, 1);
  Writer writer(to);
  writer.text(request.method_name);
  writer.text(" ");
  writer.text(request.target);
  writer.line(" HTTP/1.1\r\nHost: ", request.authority);
  writer.fields(request.headers);
  write_hop(hop, writer);
  if (request.body == BodyKind::length) writer.length(request.content_length);
  if (request.body == BodyKind::chunked) writer.text("Transfer-Encoding: chunked\r\n");
  write_options(request, writer);
  writer.text("\r\n");
  return {to, writer.size()};
}

std::size_t encode_response_head(const Response& response, const ResponseFraming& framing,
                                 char* to) {
  Writer writer(to);
  writer.text("HTTP/1.1 ");
  writer.number(response.status);
  const bool has_phrase = !response.reason_phrase.empty();
  writer.line(" ", has_phrase ? response.reason_phrase : standard_phrase(response.status));
  writer.fields(response.headers);
  write_framing(response, framing, writer);
  writer.text("\r\n");
  return writer.size();
}

std::size_t response_head_bound(const Response& response) {
  return fixed_bytes + response.reason_phrase.size() + response.upgrade.size() +
         size_of(response.headers);
}

std::size_t encode_chunk_size(std::size_t size, char* to) {
  Writer writer(to);
  writer.number(size, 16);
  writer.text("\r\n");
  return writer.size();
}

std::string_view encode_last_chunk(const Headers& trailers, Arena& arena) {
  constexpr std::string_view plain = "0\r\n\r\n";
  if (trailers.size() == 0) return plain;
  char* const to = arena.allocate(plain.size() + size_of(trailers), 1);
  Writer writer(to);
  writer.text("0\r\n");
  writer.fields(trailers);
  writer.text("\r\n");
  return {to, writer.size()};
}

}  // namespace skiff
