#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "sidecar/transport/loop.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff::test {

// A loop whose time the test owns, and calls that keep their answers.
class LoopFixture : public testing::Test {
 protected:
  struct Call {
    Exchange exchange;
    RecordingReply reply;
  };

  Call& make_call(Method method = Method::get) {
    Call& made = *calls.emplace_back(std::make_unique<Call>());
    made.exchange.request.method = method;
    return made;
  }

  void turn() {
    loop.refresh_now();
    loop.io().restart();
    loop.io().poll();
  }

  void pass(Duration time) {
    clock.advance(time);
    loop.refresh_now();
    loop.run_due();
    turn();
  }

  ManualClock clock;
  Loop loop{1, &clock};
  std::vector<std::unique_ptr<Call>> calls;
};

}  // namespace skiff::test
