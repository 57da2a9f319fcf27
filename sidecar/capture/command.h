#pragma once

#include <string>

#include "sidecar/capture/rules.h"
#include "sidecar/capture/run_program.h"

namespace skiff {

// What `skiff-sidecar capture` was told.
struct CaptureCommand {
  enum class Action : std::uint8_t { install, remove, print };
  Action action = Action::print;
  bool iptables = false;  // In the form of iptables, instead of nftables'.
  CaptureRules rules;
};

// Does it in the network namespace of this process, which needs the right to (CAP_NET_ADMIN).
// Returns the process's exit status; what is wrong is said on standard error. Installing twice is
// installing once, and removing what is not there is no error. Only tests have another `run`.
int run_capture(const CaptureCommand& command, const ProgramRunner& run = run_program);

}  // namespace skiff
