#pragma once

#include <deque>

#include "sidecar/transport/loop.h"
#include "sidecar/transport/tls.h"

namespace skiff {

// Something that computes for long, a handshake, and waits for its turn.
class TlsQueueUser {
 public:
  virtual void compute() = 0;  // It may destroy itself.

 protected:
  ~TlsQueueUser() = default;
};

// Who waits to compute on a worker, first come, first served: one in each turn of the loop, after
// all that was ready, so that a storm of newcomers delays established traffic by that much only.
// Other processes that wait for the CPU may have it after each: of live traffic, too, mostly.
class TlsQueue final : private Deferred {
 public:
  TlsQueue(Loop& loop, TlsContext& owner) : loop_(loop), owner_(owner) {}
  ~TlsQueue() { loop_.undefer(*this); }
  TlsQueue(const TlsQueue&) = delete;
  TlsQueue& operator=(const TlsQueue&) = delete;

  void enter(TlsQueueUser& user);  // Needs one that does not wait.
  void leave(TlsQueueUser& user);

 private:
  void run_deferred() override;

  Loop& loop_;
  TlsContext& owner_;
  std::deque<TlsQueueUser*> waiting_;
};

}  // namespace skiff
