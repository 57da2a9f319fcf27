#pragma once

#include <cstdint>
#include <new>
#include <string_view>
#include <type_traits>

#include "sidecar/http/headers.h"

namespace skiff {

enum class Method : std::uint8_t {
  get,
  head,
  post,
  put,
  delete_,
  connect,
  options,
  trace,
  patch,
  other
};

Method method_id(std::string_view name);
// RFC 9110, 9.2.2: doing it twice has the effect of doing it once.
bool is_idempotent(Method method);

// What RFC 9110 calls a status: `Not Found`. Empty for one that it does not know.
std::string_view standard_phrase(std::uint16_t status);

// `bytes`: no message at all but a connection's bytes, as if a CONNECT had been answered.
enum class Version : std::uint8_t { http_1_0, http_1_1, http_2, bytes };

// How the length of a body is known.
enum class BodyKind : std::uint8_t {
  none,
  length,   // content_length says it.
  chunked,  // It says itself where it ends; trailers may follow.
  close,    // The end of the connection ends it; answers only.
  tunnel,   // Bytes both ways after 101 or CONNECT, until each side ends.
};

struct Request {
  std::string_view method_name{};
  Method method = Method::get;
  Version version = Version::http_1_1;
  std::string_view scheme = "http";
  std::string_view authority{};  // Host, or what absolute-form says instead of it; may have a port.
  std::string_view target{};     // As it goes on: canonical path and query, or `*`.
  std::string_view path{};       // The part of target before `?`.
  std::string_view query{};      // Behind `?`, or empty.
  Headers headers{};             // Without framing and hop-by-hop fields, and without Host.
  BodyKind body = BodyKind::none;
  std::uint64_t content_length = 0;
  std::string_view upgrade{};  // What Upgrade asks for, or empty.
  bool expects_continue = false;
  bool accepts_trailers = false;  // `TE: trailers`.
};

// Twice has the effect of once: by its method, or as the client says by an Idempotency-Key.
bool is_repeatable(const Request& request);

// Whether bytes of a body follow the head.
inline bool has_body(const Request& request) {
  return request.body != BodyKind::none &&
         (request.body != BodyKind::length || request.content_length > 0);
}

inline bool is_tunnel(const Request& request) { return request.body == BodyKind::tunnel; }

struct Response {
  std::uint16_t status = 0;
  Version version = Version::http_1_1;
  BodyKind body = BodyKind::none;
  bool has_length = false;  // content_length is to be told to the client.
  // Of gRPC, where it is known with the head: the answer failed or ended at once. -1: not known.
  std::int8_t grpc_status = -1;
  // With BodyKind::none to HEAD or 304: what the field said; see has_length.
  std::uint64_t content_length = 0;
  std::string_view reason_phrase{};
  std::string_view upgrade{};  // With 101: the protocol.
  Headers headers{};           // Without framing and hop-by-hop fields.
};

// As `message = Message()`, but without a copy and without zeroing it first, which together take
// 25ns for a Request.
template <typename Message>
void begin_anew(Message& message) {
  static_assert(std::is_trivially_destructible_v<Message>);
  ::new (&message) Message;
}

}  // namespace skiff
