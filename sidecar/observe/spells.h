#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace skiff {

// Tells from two counters, looked at about once a second, when something bad begins to happen and
// when it has stopped. A decider: no I/O, told the time. Not thread safe.
class Spells final {
 public:
  // Over when nothing bad happened for so long.
  static constexpr Duration quiet = std::chrono::seconds(10);

  struct Change {
    bool begins = false;    // Or has ended.
    std::uint64_t bad = 0;  // Since the look before; at the end, of the whole spell.
    std::uint64_t all = 0;
    Duration time{};  // In which that was.
  };

  // What changed since the look before, if anything. `bad` and `all` are totals; where they are
  // less than before they began anew.
  std::optional<Change> look(const std::string& name, std::uint64_t bad, std::uint64_t all,
                             TimePoint now);

  // All are looked at: what was so before `now` is gone, and its counters are, too. One that is new
  // at the next look counted nothing until now.
  void forget_before(TimePoint now);

 private:
  struct Spell {
    std::uint64_t bad = 0;  // Totals at the last look.
    std::uint64_t all = 0;
    TimePoint looked{};
    bool is_on = false;
    // At the last look before it began, and when the last of it was seen.
    std::uint64_t bad_before = 0;
    std::uint64_t all_before = 0;
    TimePoint since{};
    TimePoint last{};
  };

  std::map<std::string, Spell> spells_;
  TimePoint looked_ = TimePoint::max();
};

}  // namespace skiff
