#include "sidecar/policy/caller_bulkheads.h"

#include <utility>

namespace skiff {
namespace {

constexpr int most_asked = 16;  // Whether nothing is in them, where another's place is wanted.

bool is_unused(const Bulkhead& bulkhead) {
  const Bulkhead::Figures figures = bulkhead.figures();
  return figures.in_use == 0 && figures.queued == 0;
}

}  // namespace

CallerBulkheads::CallerBulkheads(std::string target, const BulkheadLimitConfig& config,
                                 OnPolicyEvent tell)
    : target_(std::move(target)),
      tell_(std::move(tell)),
      config_(config),
      plain_(make_bulkhead("plain")),
      others_(make_bulkhead("others")) {}

Bulkhead& CallerBulkheads::of(std::string_view identity) {
  const std::lock_guard guard(mutex_);
  if (identity.empty()) return *plain_;
  const auto found = by_identity_.find(identity);
  if (found == by_identity_.end()) return make(identity);
  entries_.splice(entries_.begin(), entries_, found->second);
  return *found->second->bulkhead;
}

Bulkhead& CallerBulkheads::make(std::string_view identity) {
  if (entries_.size() < most) {
    entries_.push_front({std::string(identity), make_bulkhead(identity)});
    by_identity_.emplace(identity, entries_.begin());
    return *entries_.front().bulkhead;
  }
  auto entry = std::prev(entries_.end());
  for (int i = 0; i < most_asked; ++i, --entry) {
    if (is_unused(*entry->bulkhead)) return take_over(entry, identity);
  }
  return *others_;
}

Bulkhead& CallerBulkheads::take_over(Entries::iterator entry, std::string_view identity) {
  by_identity_.erase(entry->identity);
  entry->identity = identity;
  entry->bulkhead->rename(subject_of(identity));
  by_identity_.emplace(identity, entry);
  entries_.splice(entries_.begin(), entries_, entry);
  return *entry->bulkhead;
}

std::unique_ptr<Bulkhead> CallerBulkheads::make_bulkhead(std::string_view caller) const {
  return std::make_unique<Bulkhead>(subject_of(caller), config_, tell_);
}

std::string CallerBulkheads::subject_of(std::string_view caller) const {
  return std::string(target_).append(" ").append(caller);
}

void CallerBulkheads::configure(const std::optional<BulkheadLimitConfig>& config) {
  const std::lock_guard guard(mutex_);
  if (config.has_value()) config_ = *config;
  for (const Entry& entry : entries_) entry.bulkhead->configure(config);
  plain_->configure(config);
  others_->configure(config);
}

void CallerBulkheads::visit(const Visit& visit) const {
  const std::lock_guard guard(mutex_);
  for (const Entry& entry : entries_) visit(entry.identity, *entry.bulkhead);
  visit("plain", *plain_);
  visit("others", *others_);
}

}  // namespace skiff
