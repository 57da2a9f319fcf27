#pragma once

#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// Calls a transport's user later in this turn, where no edge of the socket will, because another
// has seen it.
class Nudge final : private Deferred {
 public:
  using Call = void (TransportUser::*)();

  Nudge(Loop& loop, Call call) : loop_(loop), call_(call) {}
  ~Nudge() { loop_.undefer(*this); }
  Nudge(const Nudge&) = delete;
  Nudge& operator=(const Nudge&) = delete;

  void give(TransportUser& user) {
    user_ = &user;
    loop_.defer(*this);
  }
  void withdraw() { loop_.undefer(*this); }

 private:
  void run_deferred() override { (user_->*call_)(); }

  Loop& loop_;
  const Call call_;
  TransportUser* user_ = nullptr;
};

}  // namespace skiff
