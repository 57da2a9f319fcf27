#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace skiff {

// Runs a program of PATH with `input` as its standard input, and waits for its end. Its exit
// status; 127: there is no such program; 128 and more: a signal ended it. `quiet`: what it says is
// thrown away.
int run_program(const std::vector<std::string>& command, std::string_view input, bool quiet);
using ProgramRunner = std::function<decltype(run_program)>;

}  // namespace skiff
