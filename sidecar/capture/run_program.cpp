#include "sidecar/capture/run_program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

extern char** environ;

namespace skiff {
namespace {

constexpr int no_program = 127;

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // It reads no more: its status tells why.
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

int spawn(const std::vector<std::string>& command, int input, bool quiet, pid_t& child) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input, 0);
  for (const int fd : {1, 2}) {
    if (quiet) ::posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
  }
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const int error =
      ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

int run_program(const std::vector<std::string>& command, std::string_view input, bool quiet) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return no_program;
  pid_t child = 0;
  const int error = spawn(command, pipe[0], quiet, child);
  ::close(pipe[0]);
  if (error == 0) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    write_all(pipe[1], input);
    std::signal(SIGPIPE, before);
  }
  ::close(pipe[1]);
  if (error != 0) return no_program;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace skiff
