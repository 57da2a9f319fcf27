#pragma once

#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "cli/simulate.h"

namespace CLI {
class App;
}

namespace skiff {

// What may be written behind `skiff simulate`.
class SimulateCommand final {
 public:
  SimulateCommand(std::ostream& out, std::ostream& err) : out_(out), err_(err) {}

  // Adds it to `app`; `on_end` is called with its result when it was run. Must be there while `app`
  // parses.
  void describe(CLI::App& app, std::function<void(ExitCode)> on_end);

 private:
  ExitCode run();
  bool read_times();
  bool read_headers();
  bool read_troubles();

  std::ostream& out_;
  std::ostream& err_;
  SimulateOrder order_;
  struct {
    std::string length, every, latency;
  } times_;
  std::vector<std::string> headers_;
  std::map<SimulatedTrouble::Kind, std::vector<std::string>> troubles_;
};

}  // namespace skiff
