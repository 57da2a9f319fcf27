#include "sidecar/policy/answer_store.h"

namespace skiff {
namespace {

// A list's node, a map's node and two blocks of memory.
constexpr std::uint64_t overhead = 256;

}  // namespace

void AnswerStore::configure(const AnswerLimits& limits) {
  const std::lock_guard lock(mutex_);
  limits_ = limits;
  shrink();
}

void AnswerStore::put(std::string_view key, std::string_view text, std::size_t head_size,
                      Duration age, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    Entry& entry = *found->second;
    if (entry.answer->text == text && entry.answer->head_size == head_size) {
      entry.born = now - age;
      return entries_.splice(entries_.begin(), entries_, found->second);
    }
    drop(found->second);
  }
  entries_.push_front(
      {std::string(key),
       std::make_shared<const StoredAnswer>(StoredAnswer{std::string(text), head_size}),
       now - age});
  by_key_.emplace(key, entries_.begin());
  bytes_ += cost(entries_.front());
  shrink();
}

AnswerStore::Found AnswerStore::find(std::string_view key, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return {};
  const Duration age = now - found->second->born;
  if (age > limits_.max_age) {
    drop(found->second);
    return {};
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return {found->second->answer, age};
}

std::size_t AnswerStore::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::uint64_t AnswerStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::uint64_t AnswerStore::cost(const Entry& entry) {
  return overhead + 2 * entry.key.size() + entry.answer->text.size();
}

void AnswerStore::drop(Entries::iterator entry) {
  bytes_ -= cost(*entry);
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void AnswerStore::shrink() {
  while (!entries_.empty() && (bytes_ > limits_.max_bytes || entries_.size() > limits_.max_entries))
    drop(std::prev(entries_.end()));
}

}  // namespace skiff
