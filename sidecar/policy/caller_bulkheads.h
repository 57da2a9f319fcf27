#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/text_map.h"
#include "sidecar/policy/with_bulkhead.h"

namespace skiff {

// A bulkhead for each caller's identity, for those who have none together, and for those together
// who come when there are as many as are kept and all are at work. All workers share it; a lock for
// each request.
class CallerBulkheads final {
 public:
  static constexpr std::size_t most = 1'000;  // Identities; the least recently used goes first.

  // Of the subjects `TARGET IDENTITY`, `TARGET plain` and `TARGET others`.
  CallerBulkheads(std::string target, const BulkheadLimitConfig& config, OnPolicyEvent tell);

  // Lives as long as this. It may become another caller's, but not while anything is in it.
  Bulkhead& of(std::string_view identity);

  // Nothing: no limit.
  void configure(const std::optional<BulkheadLimitConfig>& config);

  using Visit = std::function<void(std::string_view caller, const Bulkhead& bulkhead)>;
  void visit(const Visit& visit) const;

 private:
  struct Entry {
    std::string identity;
    std::unique_ptr<Bulkhead> bulkhead;
  };
  using Entries = std::list<Entry>;

  Bulkhead& make(std::string_view identity);
  Bulkhead& take_over(Entries::iterator entry, std::string_view identity);
  std::unique_ptr<Bulkhead> make_bulkhead(std::string_view caller) const;
  std::string subject_of(std::string_view caller) const;

  const std::string target_;
  const OnPolicyEvent tell_;
  mutable std::mutex mutex_;  // Guards all below.
  BulkheadLimitConfig config_;
  Entries entries_;  // Used last comes first.
  TextMap<Entries::iterator> by_identity_;
  std::unique_ptr<Bulkhead> plain_;
  std::unique_ptr<Bulkhead> others_;
};

// The layer that asks the bulkhead of who calls.
class WithCallerBulkheads final : public Forwarder {
 public:
  // Both outlive it. Lets everything through until use().
  WithCallerBulkheads(BulkheadWaits& waits, Forwarder& inner)
      : inner_(inner), layer_(waits, inner) {}

  void use(CallerBulkheads* callers) { callers_ = callers; }

  void forward(Exchange& exchange, Reply& reply) override {
    if (callers_ == nullptr) return inner_.forward(exchange, reply);
    layer_.enter(callers_->of(exchange.client_identity), exchange, reply);
  }

 private:
  Forwarder& inner_;
  WithBulkhead layer_;
  CallerBulkheads* callers_ = nullptr;
};

}  // namespace skiff
