#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/schema/sidecar.h"
#include "sidecar/observe/access_log.h"
#include "sidecar/observe/access_log_writer.h"
#include "sidecar/observe/metrics.h"

namespace skiff {

// The access log of the process: one AccessLog for each worker, and the writer of them all, which
// the control thread calls. Begin no worker before it is there, and end them before it goes.
struct AccessLogs {
  std::vector<std::unique_ptr<AccessLog>> workers;
  std::unique_ptr<AccessLogWriter> writer;
};

// A null pointer where the mode is `off`; the error says why the file cannot be opened.
Result<std::unique_ptr<AccessLogs>, std::string> make_access_logs(const AccessLogConfig& config,
                                                                  std::size_t workers,
                                                                  Metrics& metrics,
                                                                  std::uint64_t seed);

}  // namespace skiff
