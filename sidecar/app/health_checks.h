#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "sidecar/app/probe.h"
#include "sidecar/observe/counters.h"
#include "sidecar/route/route_table.h"

namespace skiff {

// Finds out how the endpoints of targets that have a health check are, from the control thread, and
// tells changes. Each endpoint is asked by itself, once at a time.
class HealthChecks final {
 public:
  using Changed =
      std::function<void(const std::string& target, const std::string& address, bool healthy)>;
  // Asks an endpoint for a page; `done` may be called in any thread.
  using Ask = std::function<void(const std::string& target, const std::string& address,
                                 const ProbeRequest& request, OwnCalls::Done done)>;

  // `counters` are the control thread's.
  HealthChecks(boost::asio::io_context& io, CounterSet& counters, Ask ask, Changed changed);
  ~HealthChecks();

  // Asks what `plan` names from now on. Endpoints that stay, with the same check, keep their state.
  void update(const RoutePlan& plan);

  // Tells all that is known to be unhealthy again: the workers have begun a new generation.
  void repeat() const;

  std::size_t size() const { return checks_.size(); }

 private:
  class Check;

  boost::asio::io_context& io_;
  CounterSet& counters_;
  Ask ask_;
  Changed changed_;
  Random random_;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<Check>> checks_;
};

}  // namespace skiff
