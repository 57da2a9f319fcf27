#include "sidecar/observe/series.h"

#include <array>

namespace skiff {
namespace {

constexpr char separator = '\xff';  // No UTF-8 text has it.

std::string key_of(const SeriesLabels& labels) {
  std::string key;
  key.reserve(4 + labels.source.size() + labels.destination.size() + labels.route.size());
  key += static_cast<char>(labels.direction);
  for (const std::string* part : {&labels.source, &labels.destination, &labels.route}) {
    key += *part;
    key += separator;
  }
  return key;
}

}  // namespace

std::string_view to_text(Direction direction) {
  constexpr std::array<std::string_view, directions> names{"inbound", "outbound", "gateway"};
  return names[static_cast<std::size_t>(direction)];
}

SeriesTable::SeriesTable(std::size_t workers, std::size_t most_series)
    : workers_(workers), most_series_(most_series) {
  for (std::size_t i = 0; i < directions; ++i) {
    others_.push_back(std::make_shared<Series>(
        SeriesLabels{static_cast<Direction>(i), "other", "other", "other"}, workers));
  }
}

std::shared_ptr<RequestCells> SeriesTable::find_or_make(std::size_t worker,
                                                        const SeriesLabels& labels) {
  const std::string key = key_of(labels);
  const std::lock_guard lock(mutex_);
  auto found = by_labels_.find(key);
  if (found == by_labels_.end()) {
    if (by_labels_.size() >= most_series_) {
      ++dropped_;
      const auto& other = others_[static_cast<std::size_t>(labels.direction)];
      return {other, &other->of_worker(worker)};
    }
    found = by_labels_.emplace(key, std::make_shared<Series>(labels, workers_)).first;
  }
  return {found->second, &found->second->of_worker(worker)};
}

void SeriesTable::expire(TimePoint now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_labels_, [&](auto& entry) {
    Series& series = *entry.second;
    bool in_flight = false;
    const std::uint64_t events = events_of(series, &in_flight);
    const bool held = entry.second.use_count() > 1;  // New holders need the lock.
    if (held || in_flight || events != series.seen_events_ || series.changed_ == TimePoint{}) {
      series.seen_events_ = events;
      series.changed_ = now;
      return false;
    }
    return now - series.changed_ >= idle_life;
  });
}

std::vector<std::shared_ptr<const Series>> SeriesTable::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const Series>> found(others_.begin(), others_.end());
  found.reserve(found.size() + by_labels_.size());
  for (const auto& [key, series] : by_labels_) found.push_back(series);
  return found;
}

std::uint64_t SeriesTable::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::uint64_t SeriesTable::events_of(const Series& series, bool* in_flight) const {
  std::uint64_t events = 0;
  for (std::size_t worker = 0; worker < workers_; ++worker) {
    const RequestCells& cells = series.of_worker(worker);
    const std::uint64_t finished = cells.finished.get();
    const std::uint64_t started = cells.started.get();
    *in_flight |= started != finished;
    events += started + finished;
  }
  return events;
}

}  // namespace skiff
