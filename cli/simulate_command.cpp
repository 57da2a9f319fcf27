#include "cli/simulate_command.h"

#include <CLI/CLI.hpp>
#include <tuple>
#include <utility>

#include "base/lower_case.h"
#include "base/units.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

constexpr std::string_view not_in_names = " \t\r\n\"(),/:;<=>?@[\\]{}";
constexpr Milliseconds longest_simulation = std::chrono::hours(1);

}  // namespace

void SimulateCommand::describe(CLI::App& app, std::function<void(ExitCode)> on_end) {
  using Kind = SimulatedTrouble::Kind;
  CLI::App* command = app.add_subcommand(
      "simulate", "Run policies in virtual time, with troubles, and tell what becomes of requests");
  command->add_option("PATH", order_.paths, "Files and directories of policies")->required();
  command->add_option("--target", order_.targets, "A service that is called; else all");
  command->add_option("--gateway", order_.gateway,
                      "NAME[.NAMESPACE][/LISTENER]: requests come through it");
  command->add_option("--host", order_.host, "That they ask for there");
  command->add_option("--rps", order_.rate, "Requests a second, to each target: 100")
      ->check(CLI::Range(0.1, 100'000.0));
  command->add_option("--for", times_.length, "How long: 60s");
  command->add_option("--every", times_.every, "One row for each, such as 1s");
  command->add_option("--seed", order_.seed, "The same seed gives the same run: 1");
  command->add_option("--latency", times_.latency, "What a service takes on average: 5ms");
  command->add_option("--places", order_.places, "What an endpoint works on at once: 64")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--method", order_.method, "Of the requests: GET");
  command->add_option("--path", order_.path, "Of the requests: /")
      ->check(CLI::Validator(
          [](std::string& path) { return path.starts_with('/') ? "" : "expected /…"; }, "/…"));
  command->add_option("--header", headers_, "Of the requests: 'NAME: VALUE'");
  command->add_option("--zone", order_.zone, "Of the clients");
  command->add_option("--namespace", order_.ns, "Of the clients: default");
  command->add_option("--sidecars", order_.sidecars, "Of the clients of each target: 1")
      ->check(CLI::Range(1, 1'000));
  for (const auto& [name, kind] :
       {std::pair("--kill", Kind::kill), std::pair("--hang", Kind::hang),
        std::pair("--slow", Kind::slow), std::pair("--errors", Kind::errors)}) {
    command->add_option(name, troubles_[kind], std::string(form_of(kind)));
  }
  command->add_option("--svg", order_.svg, "A file for a plot");
  command->callback([this, on_end = std::move(on_end)] { on_end(run()); });
}

ExitCode SimulateCommand::run() {
  if (!read_times() || !read_headers() || !read_troubles()) return ExitCode::usage;
  return simulate(order_, out_, err_);
}

bool SimulateCommand::read_times() {
  for (const auto& [name, text, value] :
       {std::tuple("--for", &times_.length, &order_.length),
        std::tuple("--every", &times_.every, &order_.every),
        std::tuple("--latency", &times_.latency, &order_.latency)}) {
    if (text->empty()) continue;
    const auto parsed = parse_duration(*text);
    if (!parsed || parsed->count() == 0 || *parsed > longest_simulation) {
      err_ << "skiff: " << name << ": expected a duration up to " << to_text(longest_simulation)
           << ", such as 30s or 5ms\n";
      return false;
    }
    *value = *parsed;
  }
  return true;
}

bool SimulateCommand::read_headers() {
  for (const std::string& text : headers_) {
    const auto colon = text.find(':');
    const auto value = colon == text.npos ? text.npos : text.find_first_not_of(" \t", colon + 1);
    const std::string name = lower_case(text.substr(0, colon));
    if (value == text.npos || name.empty() || name.find_first_of(not_in_names) != name.npos) {
      err_ << "skiff: --header: " << in_quotes(text) << ": expected 'NAME: VALUE'\n";
      return false;
    }
    order_.headers.emplace_back(name, text.substr(value));
  }
  return true;
}

bool SimulateCommand::read_troubles() {
  for (const auto& [kind, texts] : troubles_) {
    for (const std::string& text : texts) {
      const auto trouble = parse_trouble(kind, text);
      if (!trouble) {
        err_ << "skiff: " << in_quotes(text) << ": expected " << form_of(kind) << '\n';
        return false;
      }
      order_.troubles.push_back(*trouble);
    }
  }
  return true;
}

}  // namespace skiff
