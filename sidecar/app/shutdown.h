#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "sidecar/app/worker.h"

namespace skiff {

// Ends a sidecar without losing a request: listeners for others close first, and what is in flight
// there finishes; only then the application's own way out closes, since it may need it until its
// last answer. After `limit` what still runs is cut.
//
//   serving --begin()--> inbound drains --none left--> outbound drains --none left--> done
class Shutdown final {
 public:
  Shutdown(boost::asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers,
           Milliseconds limit, std::function<void()> done);

  void begin();  // Again: at once.
  bool begun() const { return stage_ != Stage::serving; }

 private:
  enum class Stage { serving, inbound, outbound, cut };

  void look();
  void cut();
  void drain(ListenerPlan::Kind kind);
  std::size_t connections(ListenerPlan::Kind kind) const;

  std::vector<std::unique_ptr<Worker>>& workers_;
  const Milliseconds limit_;
  std::function<void()> done_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point until_{};
  Stage stage_ = Stage::serving;
};

}  // namespace skiff
