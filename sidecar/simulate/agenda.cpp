#include "sidecar/simulate/agenda.h"

#include <algorithm>

namespace skiff {

AgendaEntry::~AgendaEntry() {
  if (agenda_ != nullptr) agenda_->disarm(*this);
}

void Agenda::arm(AgendaEntry& entry, TimePoint due) {
  disarm(entry);
  entry.agenda_ = this;
  heap_.push_back({std::max(due, now_), order_++, &entry});
  rise(heap_.size() - 1);
}

void Agenda::disarm(AgendaEntry& entry) {
  if (entry.agenda_ == nullptr) return;
  entry.agenda_ = nullptr;
  const std::size_t index = entry.index_;
  const Place last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  put(index, last);
  rise(index);
  sink(last.entry->index_);
}

AgendaEntry& Agenda::take_next() {
  AgendaEntry& entry = *heap_.front().entry;
  now_ = heap_.front().due;
  disarm(entry);
  return entry;
}

void Agenda::put(std::size_t index, const Place& place) {
  heap_[index] = place;
  place.entry->index_ = index;
}

void Agenda::rise(std::size_t index) {
  const Place place = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!place.is_before(heap_[parent])) break;
    put(index, heap_[parent]);
    index = parent;
  }
  put(index, place);
}

void Agenda::sink(std::size_t index) {
  const Place place = heap_[index];
  for (;;) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1].is_before(heap_[child])) ++child;
    if (!heap_[child].is_before(place)) break;
    put(index, heap_[child]);
    index = child;
  }
  put(index, place);
}

}  // namespace skiff
