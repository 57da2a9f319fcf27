#pragma once

#include "base/counter.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// Counts an answer that never came because the connection was being closed. Lies in the arena.
class RaceCounter final : public PassingReply {
 public:
  RaceCounter(Reply& outer, Counter& races) : PassingReply(outer), races_(races) {}
  void failed(Exchange& exchange, const Error& error) override {
    if (error.reused && error.kind == ErrorKind::upstream_reset) races_.add();
    PassingReply::failed(exchange, error);
  }

 private:
  Counter& races_;
};

}  // namespace skiff
