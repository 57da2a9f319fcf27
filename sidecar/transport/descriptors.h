#pragma once

#include <cstddef>

namespace skiff {

// File descriptors are of the whole process: clients and backends have one for each connection, and
// some are kept for what traffic must never take away: admin pages, policies, certificates.

// How many may be open (RLIMIT_NOFILE).
std::size_t descriptor_limit();

// Raises the limit as far as this process may, and returns it.
std::size_t raise_descriptor_limit();

// How many of `most` clients may hold, at least 1: half of what the process does not need itself.
// The other half is for backends.
std::size_t descriptors_for_clients(std::size_t most, unsigned workers);

// Whether `fd`, just opened, is one of those that are kept. The kernel gives the lowest that is
// free, so its number tells how many are open.
bool is_kept_descriptor(int fd);

}  // namespace skiff
