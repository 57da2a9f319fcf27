#include "sidecar/app/policy_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr auto settle_for = 15ms;
constexpr auto look_again_after = 200ms;  // For a directory that is not there at the moment.
constexpr std::uint32_t changes = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                  IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB |
                                  IN_ONLYDIR;

// Reads all events; whether one says that the directory is not where it was.
bool directory_gone(int inotify) {
  alignas(inotify_event) std::array<char, 4096> events;
  bool gone = false;
  for (ssize_t size; (size = ::read(inotify, events.data(), events.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
      gone |= (event->mask & (IN_IGNORED | IN_MOVE_SELF)) != 0;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  return gone;
}

}  // namespace

PolicyWatch::PolicyWatch(boost::asio::io_context& io, std::string directory,
                         std::function<void()> changed)
    : directory_(std::move(directory)),
      changed_(std::move(changed)),
      inotify_(io, ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      settle_(io),
      retry_(io) {
  add();
  read();
}

PolicyWatch::~PolicyWatch() = default;

void PolicyWatch::add() {
  if (::inotify_add_watch(inotify_.native_handle(), directory_.c_str(), changes) >= 0) return;
  retry_.expires_after(look_again_after);
  retry_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    add();
    seen();
  });
}

void PolicyWatch::read() {
  inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](boost::system::error_code error) {
                        if (error) return;
                        if (directory_gone(inotify_.native_handle())) add();
                        seen();
                        read();
                      });
}

void PolicyWatch::seen() {
  settle_.expires_after(settle_for);
  settle_.async_wait([this](boost::system::error_code error) {
    if (!error) changed_();
  });
}

}  // namespace skiff
