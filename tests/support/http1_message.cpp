#include "tests/support/http1_message.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "sidecar/codec/http1_body.h"
#include "sidecar/codec/http1_encoder.h"

namespace skiff {
namespace {

std::string_view name_of(BodyKind kind) {
  switch (kind) {
    case BodyKind::none:
      return "none";
    case BodyKind::length:
      return "length";
    case BodyKind::chunked:
      return "chunked";
    case BodyKind::close:
      return "close";
    case BodyKind::tunnel:
      return "tunnel";
  }
  return {};
}

// What a parser found, and what the body's reader has to be told.
struct ParsedHead {
  Http1Head verdict;
  BodyKind kind = BodyKind::none;
  std::uint64_t length = 0;
};

// Reads a message from a buffer that is exactly as large as what is there, so that the sanitizers
// see each byte read too far.
class MessageReader final {
 public:
  using Parse = std::function<ParsedHead(std::string_view bytes, Arena&, ReadMessage&)>;

  explicit MessageReader(Parse parse) : parse_(std::move(parse)) {}

  void take(std::string_view bytes) {
    if (message_.end != ReadMessage::End::more) return;
    held_.append(bytes);
    const auto exact = std::make_unique<char[]>(held_.size());
    std::copy(held_.begin(), held_.end(), exact.get());
    std::size_t at = 0;
    if (!message_.has_head) at = take_head({exact.get(), held_.size()});
    if (message_.has_head && message_.end == ReadMessage::End::more)
      at += take_body(exact.get() + at, held_.size() - at);
    held_.erase(0, at);
    message_.used += at;
  }

  ReadMessage result() {
    if (message_.end == ReadMessage::End::more && endless_ && message_.has_head)
      message_.end = ReadMessage::End::whole;
    return message_;
  }

 private:
  std::size_t take_head(std::string_view bytes) {
    const ParsedHead head = parse_(bytes, arena_, message_);
    if (head.verdict.status == Http1Head::Status::bad) refuse(head.verdict.error);
    if (head.verdict.status != Http1Head::Status::done) return 0;
    message_.has_head = true;
    message_.keep_alive = head.verdict.keep_alive;
    endless_ = head.kind == BodyKind::close || head.kind == BodyKind::tunnel;
    body_.start(head.kind, head.length);
    if (body_.ended()) message_.end = ReadMessage::End::whole;
    return head.verdict.size;
  }

  std::size_t take_body(char* at, std::size_t size) {
    std::size_t used = 0;
    for (;;) {
      const Http1Body::Piece piece = body_.next(at + used, size - used, arena_);
      message_.body.append(piece.data);
      used += piece.consumed;
      if (piece.error != ErrorKind::none) refuse(piece.error);
      if (piece.ended) finish();
      if (message_.end != ReadMessage::End::more) return used;
      if (piece.data.empty() && piece.consumed == 0) return used;
    }
  }

  void finish() {
    message_.end = ReadMessage::End::whole;
    message_.trailers = encode_last_chunk(body_.trailers(), arena_).substr(3);
  }

  void refuse(ErrorKind error) {
    message_.end = ReadMessage::End::refused;
    message_.error = error;
    // How much came before the fault depends on the cuts; nothing of it is used.
    message_.used = 0;
    message_.body.clear();
  }

  Parse parse_;
  Arena arena_;
  Http1Body body_;
  std::string held_;
  ReadMessage message_;
  bool endless_ = false;
};

ReadMessage read(std::string_view bytes, std::span<const std::size_t> cuts,
                 MessageReader::Parse parse) {
  MessageReader reader(std::move(parse));
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    reader.take(bytes.substr(from, cut - from));
    from = cut;
  }
  reader.take(bytes.substr(from));
  ReadMessage message = reader.result();
  if (message.end == ReadMessage::End::refused) message.used = 0;
  return message;
}

std::string meaning_of(const Request& request) {
  std::string meaning(name_of(request.body));
  if (request.body == BodyKind::length) meaning += " " + std::to_string(request.content_length);
  if (!request.upgrade.empty()) meaning += ", upgrade " + std::string(request.upgrade);
  if (request.expects_continue) meaning += ", expects 100";
  if (request.accepts_trailers) meaning += ", trailers";
  if (request.version == Version::http_1_0) meaning += ", 1.0";
  return meaning;
}

std::string meaning_of(const Response& response) {
  std::string meaning(name_of(response.body));
  if (response.has_length) meaning += " " + std::to_string(response.content_length);
  if (!response.upgrade.empty()) meaning += ", upgrade " + std::string(response.upgrade);
  if (response.version == Version::http_1_0) meaning += ", 1.0";
  return meaning;
}

Request request_of(std::string_view asked) {
  constexpr std::string_view upgrade = "upgrade ";
  Request request;
  if (asked == "HEAD") request.method = Method::head;
  if (asked == "CONNECT") request.method = Method::connect;
  if (asked.starts_with(upgrade)) request.upgrade = asked.substr(upgrade.size());
  return request;
}

std::string response_head(const Response& response) {
  std::string head(response_head_bound(response), '\0');
  const ResponseFraming framing{.chunked = response.body == BodyKind::chunked};
  head.resize(encode_response_head(response, framing, head.data()));
  return head;
}

}  // namespace

ReadMessage read_request(std::string_view bytes, std::span<const std::size_t> cuts,
                         const Http1Limits& limits) {
  return read(bytes, cuts, [&](std::string_view part, Arena& arena, ReadMessage& message) {
    Request request;
    ParsedHead head{parse_request(part, limits, arena, request)};
    if (head.verdict.status != Http1Head::Status::done) return head;
    head.kind = request.body;
    head.length = request.content_length;
    message.head = encode_request_head(request, arena);
    message.meaning = meaning_of(request);
    return head;
  });
}

ReadMessage read_response(std::string_view bytes, std::string_view asked,
                          std::span<const std::size_t> cuts, const Http1Limits& limits) {
  const Request request = request_of(asked);
  return read(bytes, cuts, [&](std::string_view part, Arena& arena, ReadMessage& message) {
    Response response;
    ParsedHead head{parse_response(part, limits, request, arena, response)};
    if (head.verdict.status != Http1Head::Status::done) return head;
    head.kind = response.body;
    head.length = response.content_length;
    message.head = response_head(response);
    message.meaning = meaning_of(response);
    return head;
  });
}

std::string rewritten(const ReadMessage& message) {
  if (!message.meaning.starts_with("chunked")) return message.head + message.body;
  char size[18];
  std::string text = message.head;
  if (!message.body.empty()) {
    text.append(size, encode_chunk_size(message.body.size(), size));
    text += message.body + "\r\n";
  }
  return text + "0\r\n" + message.trailers;
}

}  // namespace skiff
