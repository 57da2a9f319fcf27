#pragma once

#include <nghttp2/nghttp2.h>

namespace skiff {

// The allocator that nghttp2 is given. What it frees is kept for what it asks for next, so that a
// steady stream of requests never calls malloc: blocks of up to 1 KiB, at most 256 KiB of them a
// thread. A block may be freed by another thread than the one that took it.
nghttp2_mem* http2_memory();

}  // namespace skiff
