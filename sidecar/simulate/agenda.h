#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace skiff {

class Agenda;

// Something that happens at a moment of virtual time. A member or base of its owner; destroying it
// ends it.
class AgendaEntry {
 public:
  AgendaEntry() = default;
  AgendaEntry(const AgendaEntry&) = delete;
  AgendaEntry& operator=(const AgendaEntry&) = delete;

  virtual void occur(TimePoint now) = 0;

 protected:
  ~AgendaEntry();

 private:
  friend class Agenda;
  Agenda* agenda_ = nullptr;  // Null: it stands in none.
  std::size_t index_ = 0;
};

// Virtual time, and all that is going to happen in it. Time jumps from entry to entry; of one
// moment, what was put in first happens first, so that a run is the same every time.
class Agenda final : public Clock {
 public:
  TimePoint now() const override { return now_; }

  // Also where the entry stands in it already, for another time. Never before now().
  void arm(AgendaEntry& entry, TimePoint due);
  void disarm(AgendaEntry& entry);

  bool empty() const { return heap_.empty(); }
  // Needs one.
  TimePoint next() const { return heap_.front().due; }

  // Takes the next entry out, with time moved on to it. Needs one; the caller lets it occur.
  AgendaEntry& take_next();
  // Nothing must be due before `to`.
  void pass(TimePoint to) { now_ = to; }

 private:
  struct Place {
    TimePoint due;
    std::uint64_t order;
    AgendaEntry* entry;

    bool is_before(const Place& other) const {
      return due != other.due ? due < other.due : order < other.order;
    }
  };

  void put(std::size_t index, const Place& place);
  void rise(std::size_t index);
  void sink(std::size_t index);

  TimePoint now_ = TimePoint{} + std::chrono::hours(1);
  std::uint64_t order_ = 0;
  std::vector<Place> heap_;  // A binary heap.
};

}  // namespace skiff
