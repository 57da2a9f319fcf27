#include "sidecar/policy/bucket_table.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace skiff {

BucketTable::BucketTable(std::uint32_t most) : most_(std::max(most, 1U)) {}

std::uint64_t& BucketTable::at(const Hash128& key, std::uint64_t now) {
  if (slots_.empty()) slots_.resize(std::bit_ceil(most_));
  if (const Index found = look_up(key); found != 0) {
    if (found != newest_) {
      unlink_from_order(found);
      link_as_newest(found);
    }
    return entry(found).full_at;
  }
  if (size_ == most_) forget_one(now);
  const Index index = take_spare();
  Entry& added = entry(index);
  added.key = key;
  added.full_at = least_full_at_;
  added.next = std::exchange(slot_of(key), index);
  link_as_newest(index);
  ++size_;
  return added.full_at;
}

std::uint64_t* BucketTable::find(const Hash128& key) {
  const Index found = slots_.empty() ? 0 : look_up(key);
  return found == 0 ? nullptr : &entry(found).full_at;
}

void BucketTable::set_most(std::uint32_t most, std::uint64_t now) {
  most = std::max(most, 1U);
  if (most == most_) return;
  while (size_ > most) forget_one(now);
  BucketTable moved(most);
  moved.least_full_at_ = least_full_at_;
  moved.forgotten_ = forgotten_;
  for (Index index = oldest_; index != 0; index = entry(index).newer) {
    moved.at(entry(index).key, now) = entry(index).full_at;
  }
  *this = std::move(moved);
}

std::size_t BucketTable::bytes() const {
  return sizeof *this + slots_.capacity() * sizeof(Index) +
         chunks_.capacity() * sizeof(chunks_[0]) + chunks_.size() * sizeof(Chunk);
}

BucketTable::Index BucketTable::look_up(const Hash128& key) {
  Index index = slot_of(key);
  while (index != 0 && entry(index).key != key) index = entry(index).next;
  return index;
}

BucketTable::Index BucketTable::take_spare() {
  if (spare_ == 0) {
    const auto first = static_cast<Index>(chunks_.size() * chunk_size + 1);
    chunks_.push_back(std::make_unique<Chunk>());
    for (Index i = chunk_size; i-- > 0;) entry(first + i).next = std::exchange(spare_, first + i);
  }
  return std::exchange(spare_, entry(spare_).next);
}

void BucketTable::forget_one(std::uint64_t now) {
  Index chosen = oldest_;
  Index index = oldest_;
  for (int i = 0; i < looked_at && index != 0; ++i, index = entry(index).newer) {
    if (entry(index).full_at < entry(chosen).full_at) chosen = index;
    if (entry(chosen).full_at <= now) break;
  }
  least_full_at_ = std::max(least_full_at_, entry(chosen).full_at);
  unlink_from_slot(chosen);
  unlink_from_order(chosen);
  entry(chosen).next = std::exchange(spare_, chosen);
  --size_;
  ++forgotten_;
}

void BucketTable::unlink_from_slot(Index index) {
  Index* link = &slot_of(entry(index).key);
  while (*link != index) link = &entry(*link).next;
  *link = entry(index).next;
}

void BucketTable::unlink_from_order(Index index) {
  const Entry& left = entry(index);
  (left.newer == 0 ? newest_ : entry(left.newer).older) = left.older;
  (left.older == 0 ? oldest_ : entry(left.older).newer) = left.newer;
}

void BucketTable::link_as_newest(Index index) {
  Entry& added = entry(index);
  added.newer = 0;
  added.older = newest_;
  (newest_ == 0 ? oldest_ : entry(newest_).newer) = index;
  newest_ = index;
}

}  // namespace skiff
