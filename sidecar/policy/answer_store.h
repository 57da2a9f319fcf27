#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/text_map.h"
#include "base/units.h"

namespace skiff {

// How much a store holds, and for how long.
struct AnswerLimits {
  Duration max_age{};
  std::uint64_t max_bytes = 0;
  std::uint32_t max_entries = 0;
};

// A whole answer of status 200: its fields as `name: value` lines that end in CRLF, then its body.
struct StoredAnswer {
  std::string text;
  std::size_t head_size = 0;

  std::string_view head() const { return std::string_view(text).substr(0, head_size); }
  std::string_view body() const { return std::string_view(text).substr(head_size); }
};

// The last good answers of one route, by what was asked; shared by all workers. Holds at most what
// its limits allow, and lets go of the least recently used. One lock, held for a look-up.
class AnswerStore final {
 public:
  struct Found {
    std::shared_ptr<const StoredAnswer> answer;  // Null: there is none, or it is too old.
    Duration age{};
  };

  // From now on; what is too much goes.
  void configure(const AnswerLimits& limits);

  // `text` is a StoredAnswer's, borrowed. `age`: what it had when it came. Costs no malloc where it
  // is the same as the one before.
  void put(std::string_view key, std::string_view text, std::size_t head_size, Duration age,
           TimePoint now);
  Found find(std::string_view key, TimePoint now);

  std::size_t size() const;
  std::uint64_t bytes() const;  // With what keeping them costs, about.

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const StoredAnswer> answer;
    TimePoint born{};  // When its age was 0.
  };
  using Entries = std::list<Entry>;  // The most recently used first.

  static std::uint64_t cost(const Entry& entry);
  void drop(Entries::iterator entry);
  void shrink();

  mutable std::mutex mutex_;  // Guards all below.
  AnswerLimits limits_;
  Entries entries_;
  TextMap<Entries::iterator> by_key_;
  std::uint64_t bytes_ = 0;
};

}  // namespace skiff
