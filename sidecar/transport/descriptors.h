#pragma once

#include <cstddef>

namespace skiff {

// File descriptors are of the whole process: clients and backends have one for each connection, and
// some are kept for what traffic must never take away: admin pages, policies, certificates.

// How many may be open (RLIMIT_NOFILE), as the kernel says it. Any thread.
std::size_t descriptor_limit();

// Raises the limit as far as this process may, and returns it.
std::size_t raise_descriptor_limit();

// How many of `most` clients may hold, at least 1: half of what the process does not need itself.
// The other half is for backends.
std::size_t descriptors_for_clients(std::size_t most, unsigned workers);

// Whether `fd`, just opened, is one of those that are kept. The kernel gives the lowest that is
// free, so its number tells how many are open. Asked for each connection to a backend, so it goes
// by the limit that was last asked for: it costs no system call. Any thread.
bool is_kept_descriptor(int fd);

}  // namespace skiff
