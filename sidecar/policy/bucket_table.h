#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/keyed_hash.h"

namespace skiff {

// The buckets of one limit by their keys; a bucket is the TokenClock's time at which it is full.
// Beyond `most` the least recently used goes, so that it takes 40 bytes for a key and 4 to 8 more.
//
// Being forgotten gives nobody tokens. A bucket that is full is forgotten without loss, so of the
// oldest `looked_at` the first full one goes. If none is, the fullest of them goes, and whatever
// key is not in the table counts from then on as no fuller than that one was: a forgotten key can
// only come back with less than it had. What that costs a key that was never seen ends by itself,
// at the latest when the forgotten bucket would have been full.
//
// Not thread safe.
class BucketTable final {
 public:
  explicit BucketTable(std::uint32_t most);

  // Its bucket, which is now the most recently used; made where there is none. `now` by the same
  // TokenClock. Valid until the next call.
  std::uint64_t& at(const Hash128& key, std::uint64_t now);
  // Null: it is not in the table.
  std::uint64_t* find(const Hash128& key);

  // Keeps the most recently used.
  void set_most(std::uint32_t most, std::uint64_t now);

  std::uint32_t most() const { return most_; }
  std::size_t size() const { return size_; }
  std::uint64_t forgotten() const { return forgotten_; }
  std::size_t bytes() const;  // Of memory.

 private:
  using Index = std::uint32_t;  // Of an entry, counted from 1; 0: none.
  static constexpr Index chunk_size = 256;
  static constexpr int looked_at = 8;

  struct Entry {
    Hash128 key;
    std::uint64_t full_at = 0;
    Index newer = 0;
    Index older = 0;
    Index next = 0;  // Of the same slot, or of the spare ones.
  };
  struct Chunk {
    Entry entries[chunk_size];
  };

  Entry& entry(Index index) {
    return chunks_[(index - 1) / chunk_size]->entries[(index - 1) % chunk_size];
  }
  Index& slot_of(const Hash128& key) { return slots_[key.low & (slots_.size() - 1)]; }
  Index look_up(const Hash128& key);
  Index take_spare();
  void forget_one(std::uint64_t now);
  void unlink_from_slot(Index index);
  void unlink_from_order(Index index);
  void link_as_newest(Index index);

  std::uint32_t most_;
  std::size_t size_ = 0;
  std::uint64_t forgotten_ = 0;
  std::uint64_t least_full_at_ = 0;  // Of keys that are not here.
  Index newest_ = 0;
  Index oldest_ = 0;
  Index spare_ = 0;
  std::vector<Index> slots_;  // A power of two; first entries of lists. Empty before the first key.
  std::vector<std::unique_ptr<Chunk>> chunks_;
};

}  // namespace skiff
