#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sidecar/http/forwarder.h"
#include "sidecar/policy/bulkhead.h"
#include "sidecar/transport/loop.h"

namespace skiff {

class WithBulkhead;

// The requests of one worker that wait for room in any bulkhead. What they are kept in is used
// again, so that waiting costs no malloc in the steady state.
class BulkheadWaits final : private Deferred {
 public:
  // The loop outlives it.
  explicit BulkheadWaits(Loop& loop);
  ~BulkheadWaits();
  BulkheadWaits(const BulkheadWaits&) = delete;
  BulkheadWaits& operator=(const BulkheadWaits&) = delete;

  // Has `layer` go on with the exchange as soon as there is room, or fails it.
  void wait(WithBulkhead& layer, Bulkhead& bulkhead, Exchange& exchange, Reply& reply);

  Loop& loop() { return loop_; }
  std::size_t waiting() const { return all_.size() - spare_.size(); }

 private:
  class Wait;

  void run_deferred() override;
  void wake();  // From any thread.
  Wait& take_spare();

  Loop& loop_;
  BulkheadInbox inbox_;
  std::vector<std::unique_ptr<Wait>> all_;
  std::vector<Wait*> spare_;
};

// Lets through what its bulkhead has room for, lets wait or refuses the rest. A slot is held until
// the attempt failed or both bodies are over.
class WithBulkhead final : public Forwarder {
 public:
  // Both outlive it. Lets everything through until use().
  WithBulkhead(BulkheadWaits& waits, Forwarder& inner) : waits_(waits), inner_(inner) {}

  // From the next request on; null: no limit. Those under way give their slot back to the one that
  // they have it from, which must live on until then.
  void use(Bulkhead* bulkhead) { bulkhead_ = bulkhead; }

  void forward(Exchange& exchange, Reply& reply) override {
    bulkhead_ == nullptr ? inner_.forward(exchange, reply) : enter(*bulkhead_, exchange, reply);
  }
  // By a bulkhead that is chosen for each request.
  void enter(Bulkhead& bulkhead, Exchange& exchange, Reply& reply);

  // Those that wait here or hold a slot: it and what it leads to must live until there are none.
  std::size_t in_flight() const { return in_flight_; }

 private:
  class SlotHolder;
  friend class BulkheadWaits;

  void go_on(Bulkhead& bulkhead, Exchange& exchange, Reply& reply);

  BulkheadWaits& waits_;
  Forwarder& inner_;
  Bulkhead* bulkhead_ = nullptr;
  std::size_t in_flight_ = 0;
};

}  // namespace skiff
