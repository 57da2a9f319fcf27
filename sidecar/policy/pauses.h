#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sidecar/http/exchange.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// Moments that policies wait for, of one worker. What they are kept in is used again, so that
// waiting costs no malloc in the steady state.
class Pauses final {
 public:
  // Who waits; in the exchange's arena.
  class Waiter {
   public:
    virtual void pause_over(Exchange& exchange) = 0;
    // The exchange was given up meanwhile; only of wait(). The Reply must be told `error`. As with
    // pause_over() the pause is over, and must not be ended once more.
    virtual void pause_broken(Exchange& exchange, const Error& error);

   protected:
    ~Waiter() = default;
  };
  class Pause;

  // The loop outlives it.
  explicit Pauses(Loop& loop);
  ~Pauses();
  Pauses(const Pauses&) = delete;
  Pauses& operator=(const Pauses&) = delete;

  // The exchange itself waits: until `due` the pause is what is pending for it. Needs that nothing
  // else is.
  Pause& wait(Exchange& exchange, TimePoint due, Waiter& waiter);
  // `waiter` is told at `due`, whatever the exchange does meanwhile; end() it before the exchange
  // is over.
  Pause& watch(Exchange& exchange, TimePoint due, Waiter& waiter);
  // It is not told any more. Not after it was told.
  void end(Pause& pause);

  std::size_t waiting() const { return all_.size() - spare_.size(); }

 private:
  Pause& take(Exchange& exchange, TimePoint due, Waiter& waiter);
  void give_back(Pause& pause);

  Loop& loop_;
  std::vector<std::unique_ptr<Pause>> all_;
  std::vector<Pause*> spare_;
};

}  // namespace skiff
