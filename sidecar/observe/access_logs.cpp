#include "sidecar/observe/access_logs.h"

namespace skiff {

Result<std::unique_ptr<AccessLogs>, std::string> make_access_logs(const AccessLogConfig& config,
                                                                  std::size_t workers,
                                                                  Metrics& metrics,
                                                                  std::uint64_t seed) {
  if (config.mode == AccessLogConfig::Mode::off) return std::unique_ptr<AccessLogs>();
  auto writer = AccessLogWriter::open(config.path);
  if (!writer) return writer.error();
  auto logs = std::make_unique<AccessLogs>();
  logs->writer = std::move(*writer);
  for (std::size_t i = 0; i < workers; ++i) {
    logs->workers.push_back(std::make_unique<AccessLog>(
        AccessLogSettings{.config = config, .seed = seed + i}, metrics.worker(i).counters));
    logs->writer->add(logs->workers.back()->lines());
  }
  return logs;
}

}  // namespace skiff
