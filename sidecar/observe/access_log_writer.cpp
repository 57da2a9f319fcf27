#include "sidecar/observe/access_log_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "base/log.h"

namespace skiff {
namespace {

// O_NONBLOCK: a named pipe without a reader is an error at once.
int open_file(const std::string& file) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
  return ::open(file.c_str(), flags, 0640);
}

std::string error_text(int error) { return std::generic_category().message(error); }

}  // namespace

Result<std::unique_ptr<AccessLogWriter>, std::string> AccessLogWriter::open(
    const std::string& path) {
  using Writer = std::unique_ptr<AccessLogWriter>;
  if (path == "stdout") return Writer(new AccessLogWriter(STDOUT_FILENO));
  if (path == "stderr") return Writer(new AccessLogWriter(STDERR_FILENO));
  const int descriptor = open_file(path);
  if (descriptor < 0) return path + ": " + error_text(errno);
  return Writer(new AccessLogWriter(path, descriptor));
}

AccessLogWriter::AccessLogWriter(std::string file, int descriptor) : file_(std::move(file)) {
  set_descriptor(descriptor);
}

AccessLogWriter::~AccessLogWriter() {
  if (!file_.empty()) ::close(descriptor_);
}

bool AccessLogWriter::flush() { return flush_for(Milliseconds::zero()); }

bool AccessLogWriter::flush_for(Milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  for (std::size_t turn = 0; turn <= sources_.size(); ++turn) {
    const auto left = std::chrono::ceil<Milliseconds>(end - std::chrono::steady_clock::now());
    if (!write_pending(static_cast<int>(std::max(left, Milliseconds::zero()).count()))) {
      return false;
    }
    if (turn == sources_.size()) break;
    sources_[next_source_]->take(pending_);
    next_source_ = (next_source_ + 1) % sources_.size();
  }
  return true;
}

std::string AccessLogWriter::reopen() {
  if (file_.empty()) return {};
  const int descriptor = open_file(file_);
  if (descriptor < 0) return file_ + ": " + error_text(errno);
  ::close(descriptor_);
  set_descriptor(descriptor);
  return {};
}

void AccessLogWriter::set_descriptor(int descriptor) {
  descriptor_ = descriptor;
  struct stat about {};
  is_regular_file_ = ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
}

// False: some of it is left.
bool AccessLogWriter::write_pending(int wait_milliseconds) {
  while (written_ < pending_.size()) {
    if (!can_write(wait_milliseconds)) return false;
    const std::size_t left = pending_.size() - written_;
    // A pipe that is ready takes PIPE_BUF bytes without waiting (pipe(7)).
    const std::size_t size = is_regular_file_ ? left : std::min<std::size_t>(left, PIPE_BUF);
    const ssize_t count = ::write(descriptor_, pending_.data() + written_, size);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return false;
      give_up_pending(errno);
      return true;
    }
    written_ += static_cast<std::size_t>(count);
    is_failing_ = false;
  }
  pending_.clear();
  written_ = 0;
  return true;
}

bool AccessLogWriter::can_write(int wait_milliseconds) const {
  pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  return ::poll(&ready, 1, wait_milliseconds) == 1;
}

// Keeps the rest of a line of which a part is written, so that the next line begins on its own.
void AccessLogWriter::give_up_pending(int error) {
  const bool is_inside_line = written_ > 0 && pending_[written_ - 1] != '\n';
  const auto rest = pending_.begin() + static_cast<std::ptrdiff_t>(written_);
  failed_lines_.add(static_cast<std::uint64_t>(std::count(rest, pending_.end(), '\n')));
  if (!is_failing_) log::warn(Component::access_log, "lines are lost: {}", error_text(error));
  is_failing_ = true;
  pending_ = is_inside_line ? "\n" : "";
  written_ = 0;
}

}  // namespace skiff
