#include "sidecar/transport/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>

namespace skiff {
namespace {

constexpr std::size_t kept = 32;
constexpr std::size_t used_by_process = 32;  // Beside those that are kept: log, files, signals.
constexpr std::size_t used_by_worker = 16;   // Its loop and its listeners.

std::atomic<std::size_t> last_known = 0;  // The limit; 0: nobody has asked.

}  // namespace

std::size_t descriptor_limit() {
  rlimit limit{};
  const std::size_t most = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
  last_known.store(most, std::memory_order_relaxed);
  return most;
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // Where it fails the limit stays.
  }
  return descriptor_limit();
}

std::size_t descriptors_for_clients(std::size_t most, unsigned workers) {
  const std::size_t own = kept + used_by_process + used_by_worker * workers;
  return most > own ? std::max<std::size_t>((most - own) / 2, 1) : 1;
}

bool is_kept_descriptor(int fd) {
  std::size_t most = last_known.load(std::memory_order_relaxed);
  if (most == 0) most = descriptor_limit();
  return static_cast<std::size_t>(fd) + kept >= most;
}

}  // namespace skiff
