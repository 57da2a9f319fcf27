#include "cli/simulated_trouble.h"

#include <algorithm>
#include <vector>

#include "base/whole_number.h"

namespace skiff {
namespace {

using Kind = SimulatedTrouble::Kind;

// What stands before `mark`, which is taken away with it; all of it where there is none.
std::string_view take_until(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  const std::string_view before = text.substr(0, at);
  text = at == text.npos ? std::string_view{} : text.substr(at + 1);
  return before;
}

// `10s` or `10s-20s`.
bool read_when(std::string_view text, SimulatedTrouble& trouble) {
  const std::string_view from = take_until(text, '-');
  const auto begin = parse_duration(from);
  if (!begin) return false;
  trouble.from = *begin;
  if (text.empty()) return true;
  const auto end = parse_duration(text);
  if (!end || *end <= trouble.from) return false;
  trouble.until = *end;
  return true;
}

// What follows the `+` or `=` of its kind.
bool read_rest(std::string_view text, SimulatedTrouble& trouble) {
  if (trouble.kind == Kind::errors) {
    const auto ratio = parse_ratio(text);
    if (ratio) trouble.errors = *ratio;
    return ratio.has_value();
  }
  const bool may_lack = trouble.kind != Kind::slow;
  if (text.empty()) return may_lack;
  const auto duration = parse_duration(text);
  if (!duration || duration->count() == 0) return false;
  if (trouble.kind == Kind::slow) {
    trouble.slower = *duration;
  } else {
    if (trouble.until) return false;
    trouble.until = trouble.from + *duration;
  }
  return true;
}

void befall(SimInstance& instance, const SimulatedTrouble& trouble, bool begins) {
  switch (trouble.kind) {
    case Kind::kill:
      return begins ? instance.crash() : instance.start();
    case Kind::hang:
      return instance.hang(begins);
    case Kind::slow:
      instance.trouble().slower = begins ? trouble.slower : Milliseconds{};
      return;
    case Kind::errors:
      instance.trouble().errors = begins ? trouble.errors : Ratio{};
      return;
  }
}

bool is_meant(const SimService& service, std::size_t index, const SimulatedTrouble& trouble) {
  const std::string& part = trouble.part;
  if (const auto number = whole_number<std::size_t>(part)) return *number == index + 1;
  return part.empty() || service.instances()[index]->zone() == part;
}

}  // namespace

std::optional<SimulatedTrouble> parse_trouble(Kind kind, std::string_view text) {
  SimulatedTrouble trouble;
  trouble.kind = kind;
  std::string_view whom = take_until(text, '@');
  const bool has_part = whom.find('/') != whom.npos;
  trouble.service = take_until(whom, '/');
  trouble.part = whom;
  if (trouble.service.empty() || (has_part && trouble.part.empty())) return {};
  const char mark = kind == Kind::errors ? '=' : '+';
  if (text.ends_with(mark)) return {};
  const std::string_view when = take_until(text, mark);
  if (!read_when(when, trouble) || !read_rest(text, trouble)) return {};
  return trouble;
}

std::string_view form_of(Kind kind) {
  switch (kind) {
    case Kind::kill:
    case Kind::hang:
      return "SERVICE[/ENDPOINT]@WHEN[+FOR], such as product@10s+5s";
    case Kind::slow:
      return "SERVICE[/ENDPOINT]@WHEN[-UNTIL]+LONGER, such as product@10s-20s+200ms";
    case Kind::errors:
      break;
  }
  return "SERVICE[/ENDPOINT]@WHEN[-UNTIL]=SHARE, such as product@10s-20s=30%";
}

std::string to_text(const SimulatedTrouble& trouble) {
  std::string text = trouble.service;
  if (!trouble.part.empty()) text += "/" + trouble.part;
  switch (trouble.kind) {
    case Kind::kill:
      return text + " is killed";
    case Kind::hang:
      return text + " hangs";
    case Kind::slow:
      return text + " takes " + to_text(trouble.slower) + " longer";
    case Kind::errors:
      break;
  }
  return text + " answers " + to_text(trouble.errors) + " with 503";
}

bool plan_trouble(Simulation& simulation, SimService& service, const SimulatedTrouble& trouble) {
  std::vector<SimInstance*> meant;
  for (std::size_t i = 0; i < service.instances().size(); ++i) {
    if (is_meant(service, i, trouble)) meant.push_back(&service.instance(i));
  }
  const auto befall_all = [meant, trouble](bool begins) {
    for (SimInstance* instance : meant) befall(*instance, trouble, begins);
  };
  simulation.at(trouble.from, [befall_all] { befall_all(true); });
  if (trouble.until) simulation.at(*trouble.until, [befall_all] { befall_all(false); });
  return !meant.empty();
}

}  // namespace skiff
