#include "sidecar/app/breaker_pages.h"

#include <fmt/format.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "config/schema/tree.h"

namespace skiff {
namespace {

struct Shown {
  std::string target;
  CircuitBreaker::Status status;
};

std::vector<Shown> all_breakers(PolicyStates& states, TimePoint now) {
  std::vector<Shown> all;
  states.visit([&](TargetState& state) {
    CircuitBreaker* const breaker = state.breaker().get();
    if (breaker != nullptr) all.push_back({state.name(), breaker->status(now)});
  });
  return all;
}

std::int64_t milliseconds(Duration time) {
  return std::chrono::ceil<std::chrono::milliseconds>(time).count();
}

std::string as_json(const std::vector<Shown>& all) {
  const auto number = [](std::int64_t value) { return Tree::word(std::to_string(value)); };
  Tree tree;
  Tree& list = tree.add("breakers", Tree{.kind = Tree::Kind::list});
  for (const auto& [target, status] : all) {
    Tree& item = list.items.emplace_back();
    item.add("target", target);
    item.add("state", status.state);
    item.add("mode", to_text(status.mode));
    item.add("calls", number(status.counts.calls));
    item.add("failed", number(status.counts.failed));
    item.add("slow", number(status.counts.slow));
    item.add("failuresInARow", number(status.failures_in_a_row));
    item.add("reopened", number(status.reopened));
    item.add("sinceMs", number(milliseconds(status.since)));
    item.add("nextTrialMs", number(milliseconds(status.next_trial)));
  }
  return to_json(tree);
}

std::string in_words(Duration time) {
  return fmt::format("{:.1f}s", std::chrono::duration<double>(time).count());
}

std::string as_table(const std::vector<Shown>& all) {
  if (all.empty()) return "no circuit breaker is in force\n";
  std::size_t width = 6;
  for (const Shown& one : all) width = std::max(width, one.target.size());
  std::string text =
      fmt::format("{:<{}}  {:<12}  {:<12}  {:>6}  {:>6}  {:>6}  {:>9}  {:>10}\n", "TARGET", width,
                  "STATE", "MODE", "CALLS", "FAILED", "SLOW", "SINCE", "NEXT TRIAL");
  for (const auto& [target, status] : all) {
    const std::string next =
        status.next_trial > Duration::zero() ? in_words(status.next_trial) : "-";
    text += fmt::format("{:<{}}  {:<12}  {:<12}  {:>6}  {:>6}  {:>6}  {:>9}  {:>10}\n", target,
                        width, status.state, to_text(status.mode), status.counts.calls,
                        status.counts.failed, status.counts.slow, in_words(status.since), next);
  }
  return text;
}

AdminAnswer show(const AdminRequest& request, PolicyStates& states, TimePoint now) {
  const std::vector<Shown> all = all_breakers(states, now);
  return request.parameter("as") == "table" ? admin_text(as_table(all)) : admin_json(as_json(all));
}

AdminAnswer unknown_target(std::string_view target, const std::vector<Shown>& all) {
  std::vector<std::string_view> names;
  for (const Shown& one : all) names.push_back(one.target);
  const std::string_view meant = nearest(target, names);
  std::string text = fmt::format("no circuit breaker of target {} is in force", target);
  if (!meant.empty()) text += fmt::format("; did you mean {}?", meant);
  return admin_text(text + "\n", 404);
}

AdminAnswer set_mode(const AdminRequest& request, PolicyStates& states, TimePoint now) {
  const auto mode = find_breaker_mode(request.parameter("mode").value_or(""));
  if (!mode) {
    return admin_text("mode must be one of AUTOMATIC, FORCED_OPEN, METRICS_ONLY, DISABLED\n", 400);
  }
  const std::string target = request.parameter("target").value_or("");
  bool found = false;
  states.visit([&](TargetState& state) {
    CircuitBreaker* const breaker = state.breaker().get();
    if (breaker == nullptr || state.name() != target) return;
    found = true;
    breaker->set_mode(*mode, now);
  });
  return found ? show(request, states, now) : unknown_target(target, all_breakers(states, now));
}

}  // namespace

void add_breakers(AdminTable& table, PolicyStates& states, const Clock& clock) {
  table.add_page("/breakers", "The circuit breakers in force and their numbers; ?as=table.",
                 [&](const AdminRequest& request) { return show(request, states, clock.now()); });
  table.add_change(
      "/breakers", "?target=NAME&mode=AUTOMATIC|FORCED_OPEN|METRICS_ONLY|DISABLED sets one",
      [&](const AdminRequest& request) { return set_mode(request, states, clock.now()); });
}

}  // namespace skiff
