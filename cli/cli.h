#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace skiff {

// What `skiff` ends with, as sysexits.h has it.
enum class ExitCode : int { ok = 0, failure = 1, usage = 64, bad_input = 65 };

// Carries out `skiff ARGUMENTS…`: what was asked for goes to `out`, messages go to `err`.
ExitCode run_cli(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace skiff
