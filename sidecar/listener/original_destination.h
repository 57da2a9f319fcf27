#pragma once

#include <optional>

#include "sidecar/transport/tcp.h"

namespace skiff {

// Where the client of the accepted connection `fd` meant to go before the kernel redirected it to
// us. Where nothing redirected it, that is the address that it came to. Nothing: the kernel does
// not know.
std::optional<SocketAddress> original_destination(int fd);

}  // namespace skiff
