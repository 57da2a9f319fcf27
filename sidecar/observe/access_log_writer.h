#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/counter.h"
#include "base/result.h"
#include "base/units.h"
#include "sidecar/observe/line_buffer.h"

namespace skiff {

// The control thread's side of the access log: empties the workers' buffers into stdout, stderr or
// a file. It writes only what is taken at once (a file on a disk apart), so that whoever stopped
// reading stops neither the workers nor this thread; then lines are dropped at the workers. Needs
// SIGPIPE to be ignored.
class AccessLogWriter final {
 public:
  // `path` as AccessLogConfig::path; a file is appended to, and made with mode 0640. The error says
  // what stood in the way.
  static Result<std::unique_ptr<AccessLogWriter>, std::string> open(const std::string& path);

  // Writes to `descriptor`, which stays the caller's.
  explicit AccessLogWriter(int descriptor) : AccessLogWriter({}, descriptor) {}
  AccessLogWriter(const AccessLogWriter&) = delete;
  AccessLogWriter& operator=(const AccessLogWriter&) = delete;
  ~AccessLogWriter();

  void add(LineBuffer& lines) { sources_.push_back(&lines); }  // It outlives the writer.

  // Writes what is there; call it a few times a second. True: nothing is left.
  bool flush();
  // The same at the end of the process, waiting for a slow reader for `most` in all.
  bool flush_for(Milliseconds most);

  // Begins its file anew, after it was moved away; with stdout and stderr it does nothing. Where
  // that fails it goes on with the old file; the error says why, else it is empty.
  std::string reopen();

  // Lines that could not be written, such as to a full disk.
  const Counter& failed_lines() const { return failed_lines_; }

 private:
  AccessLogWriter(std::string file, int descriptor);
  void set_descriptor(int descriptor);
  bool write_pending(int wait_milliseconds);
  bool can_write(int wait_milliseconds) const;
  void give_up_pending(int error);

  const std::string file_;  // Empty: the descriptor is not ours to close.
  int descriptor_;
  bool is_regular_file_ = false;
  std::vector<LineBuffer*> sources_;
  std::size_t next_source_ = 0;
  std::string pending_;      // Whole lines, but for the first, of which a part may be written.
  std::size_t written_ = 0;  // Of pending_.
  bool is_failing_ = false;
  Counter failed_lines_;
};

}  // namespace skiff
