#include "cli/simulate_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace skiff {
namespace {

using Seconds = std::chrono::seconds;

double milliseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e6; }

std::string in_milliseconds(const LatencyHistogram& latencies, double quantile) {
  if (latencies.count() == 0) return "-";
  const double value = milliseconds(latencies.quantile(quantile));
  return value < 10 ? fmt::format("{:.1f}ms", value) : fmt::format("{:.0f}ms", value);
}

// The most frequent first: `circuit_open 120, timeout_request 3`.
std::string reasons_of(const Tally& tally) {
  std::vector<std::pair<std::uint64_t, std::string_view>> reasons;
  for (const auto& [kind, count] : tally.reasons) {
    reasons.emplace_back(count, kind == ErrorKind::none ? "the answer itself" : about(kind).reason);
  }
  std::ranges::sort(reasons, std::greater());
  std::string text;
  for (const auto& [count, reason] : reasons) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", reason, count);
  }
  return text;
}

void print_row(std::string_view when, const Tally& tally, std::ostream& out) {
  std::string row = fmt::format(
      "{:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}  {}", when, tally.sent, tally.succeeded,
      tally.failed, in_milliseconds(tally.latencies, 0.5), in_milliseconds(tally.latencies, 0.99),
      tally.attempts, tally.in_flight, reasons_of(tally));
  row.erase(row.find_last_not_of(' ') + 1);
  out << row << '\n';
}

void print_sum(const Tally& all, std::ostream& out) {
  out << fmt::format(
      "  {:.2f}% succeeded, {:.2f} attempts for each request", 100 * all.success(),
      all.sent == 0 ? 0 : static_cast<double>(all.attempts) / static_cast<double>(all.sent));
  if (all.degraded > 0) out << fmt::format(", {} by a fallback", all.degraded);
  if (all.failed > 0) {
    out << fmt::format("; half of the failures within {}", in_milliseconds(all.refusals, 0.5));
  }
  out << '\n';
}

// Where attempts went, where that is not said by whom the table is of.
void print_targets(const SimClient& client, std::ostream& out) {
  const auto targets = client.sent();
  std::uint64_t all = 0;
  std::uint64_t elsewhere = 0;
  for (const auto& [target, sent] : targets) {
    all += sent.attempts;
    if (target != client.spec().target) elsewhere += sent.attempts + sent.copies;
  }
  if (elsewhere == 0) return;
  for (const auto& [target, sent] : targets) {
    if (sent.attempts > 0) {
      out << fmt::format("  {} attempts went to {} ({:.1f}%)\n", sent.attempts, target,
                         100 * static_cast<double>(sent.attempts) / static_cast<double>(all));
    }
    if (sent.copies > 0) out << fmt::format("  {} copies went to {}\n", sent.copies, target);
  }
}

}  // namespace

void print_table(SimClient& client, Duration length, Duration every, std::ostream& out) {
  out << client.spec().name << ": " << fmt::format("{:g} requests a second\n", client.spec().rate);
  out << fmt::format("{:>7} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}  {}\n", "from", "sent", "ok",
                     "failed", "p50", "p99", "attempts", "in flight", "why");
  for (Duration from{}; from < length; from += every) {
    const auto second = std::chrono::duration_cast<Seconds>(from).count();
    print_row(fmt::format("{}s", second),
              client.tallies().between(from, std::min(from + every, length)), out);
  }
  const Tally all = client.tallies().all();
  print_row("all", all, out);
  print_sum(all, out);
  print_targets(client, out);
}

void print_events(const std::vector<SimEvent>& events, std::ostream& out) {
  constexpr std::size_t most = 100;
  for (std::size_t i = 0; i < std::min(events.size(), most); ++i) {
    out << fmt::format("{:>7.2f}s  {}\n", milliseconds(events[i].at) / 1e3, events[i].what);
  }
  if (events.size() > most) out << fmt::format("         and {} more\n", events.size() - most);
}

}  // namespace skiff
