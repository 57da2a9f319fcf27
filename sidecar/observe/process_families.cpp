#include "sidecar/observe/process_families.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "sidecar/observe/families.h"

namespace skiff {
namespace {

using Families = std::vector<prometheus::MetricFamily>;

void put(Families& families, prometheus::MetricFamily family, double value) {
  add_value(family, value);
  families.push_back(std::move(family));
}

void collect_cpu(Families& families) {
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) != 0) return;
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  put(families,
      counter_family("process_cpu_seconds_total", "User and system CPU time used, in seconds."),
      seconds(used.ru_utime) + seconds(used.ru_stime));
}

void collect_memory(Families& families) {
  std::ifstream file("/proc/self/statm");
  double size = 0;
  double resident = 0;
  if (!(file >> size >> resident)) return;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  put(families, gauge_family("process_virtual_memory_bytes", "Virtual memory size in bytes."),
      size * page);
  put(families, gauge_family("process_resident_memory_bytes", "Resident memory size in bytes."),
      resident * page);
}

void collect_descriptors(Families& families) {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return;
  double open = -3;  // `.`, `..` and the folder itself.
  while (::readdir(folder) != nullptr) ++open;
  ::closedir(folder);
  put(families, gauge_family("process_open_fds", "File descriptors that are open."), open);
  rlimit most{};
  if (::getrlimit(RLIMIT_NOFILE, &most) != 0) return;
  put(families, gauge_family("process_max_fds", "File descriptors that may be open at most."),
      static_cast<double>(most.rlim_cur));
}

// Field 22 of /proc/self/stat, in clock ticks since the machine started. The second field, in
// parentheses, may hold spaces.
double start_ticks() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(text.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number) rest >> field;
  return rest ? std::stod(field) : 0;
}

double boot_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

void collect_start(Families& families) {
  static const double started =
      boot_seconds() + start_ticks() / static_cast<double>(::sysconf(_SC_CLK_TCK));
  put(families,
      gauge_family("process_start_time_seconds",
                   "Start of the process in seconds since the Unix epoch."),
      started);
}

}  // namespace

void collect_process(Families& families) {
  collect_cpu(families);
  collect_memory(families);
  collect_descriptors(families);
  collect_start(families);
}

}  // namespace skiff
