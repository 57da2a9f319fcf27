#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <functional>
#include <string>

namespace skiff {

// Tells when the files of a directory may have changed: once, a moment after the last sign of it,
// so that an editor's several steps are one change. Follows the directory when it is replaced.
class PolicyWatch final {
 public:
  PolicyWatch(boost::asio::io_context& io, const std::string& directory,
              std::function<void()> changed);
  ~PolicyWatch();

 private:
  void add();
  void read();
  void read_events();
  void seen();

  std::filesystem::path directory_;
  std::function<void()> changed_;
  boost::asio::posix::stream_descriptor inotify_;
  boost::asio::steady_timer settle_;
  int parent_ = -1;  // What inotify calls the folder that the directory lies in.
  int inside_ = -1;  // … and the directory itself; -1: there is none.
};

}  // namespace skiff
