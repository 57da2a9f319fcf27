#pragma once

#include <cstdint>

#include "config/schema/common.h"

namespace skiff {

// What is spoken on a connection; HTTP/2 without asking first (RFC 9113, 3.3).
enum class Speaks : std::uint8_t { http1, http2, bytes };

// What a declared protocol says; `bytes` where it says nothing.
Speaks declared(Protocol protocol);

// What sidecars offer by ALPN among themselves. The first tells a sidecar's handshake from one that
// is meant for the application behind; it is never agreed on.
inline constexpr const char* alpn_mesh = "skiff-mesh";
const char* alpn_of(Speaks speaks);

}  // namespace skiff
