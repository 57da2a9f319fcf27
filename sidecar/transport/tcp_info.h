#pragma once

#include <cstdint>

namespace skiff {

// How many bytes of what was sent on the connected TCP socket `fd` (by connect(), not accept()) the
// peer's kernel has acknowledged; the maximum where the kernel does not say, so that nothing is
// taken for unread without proof. Also right after the connection broke.
// Apart from tcp.cpp because <linux/tcp.h>, which has the field, cannot meet <netinet/tcp.h>.
std::uint64_t tcp_bytes_acknowledged(int fd);

}  // namespace skiff
