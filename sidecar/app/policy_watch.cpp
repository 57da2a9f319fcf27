#include "sidecar/app/policy_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr auto settle_for = 15ms;
constexpr std::uint32_t changes_inside =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR;
// Of the name itself: the directory, or a link to it, is put in another's place.
constexpr std::uint32_t changes_of_names = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;

}  // namespace

PolicyWatch::PolicyWatch(boost::asio::io_context& io, const std::string& directory,
                         std::function<void()> changed)
    : directory_(std::filesystem::absolute(directory).lexically_normal()),
      changed_(std::move(changed)),
      inotify_(io, ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      settle_(io) {
  if (!directory_.has_filename()) directory_ = directory_.parent_path();  // `policies/`
  parent_ = ::inotify_add_watch(inotify_.native_handle(), directory_.parent_path().c_str(),
                                changes_of_names);
  add();
  read();
}

PolicyWatch::~PolicyWatch() = default;

// Where there is nothing of that name at the moment, its parent tells when there is.
void PolicyWatch::add() {
  const int added =
      ::inotify_add_watch(inotify_.native_handle(), directory_.c_str(), changes_inside);
  if (inside_ >= 0 && inside_ != added) ::inotify_rm_watch(inotify_.native_handle(), inside_);
  inside_ = added;
}

void PolicyWatch::read() {
  inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](boost::system::error_code error) {
                        if (error) return;
                        read_events();
                        read();
                      });
}

void PolicyWatch::read_events() {
  alignas(inotify_event) std::array<char, 4096> events;
  for (ssize_t size; (size = ::read(inotify_.native_handle(), events.data(), events.size())) > 0;) {
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if (event->wd == parent_ && (event->len == 0 || directory_.filename() != event->name)) {
        continue;  // Of another name.
      }
      if (event->wd == parent_) add();
      if (event->wd == parent_ || event->wd == inside_) seen();
    }
  }
}

void PolicyWatch::seen() {
  settle_.expires_after(settle_for);
  settle_.async_wait([this](boost::system::error_code error) {
    if (!error) changed_();
  });
}

}  // namespace skiff
