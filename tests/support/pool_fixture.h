#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "sidecar/pool/pool.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff::test {

// Connects when the test says so: to a `Made`, made of its owner, this, and what the test gives.
template <typename Made>
class FakeConnector final : public Connector {
 public:
  std::unique_ptr<Attempt> connect(Duration, ConnectionOwner& owner, Done& done) override {
    waiting.push_back({&owner, &done});
    return std::make_unique<FakeAttempt>(*this, done);
  }

  template <typename... Args>
  Made& connects(Args&&... args) {
    const auto [owner, done] = waiting.front();
    waiting.erase(waiting.begin());
    auto connection = std::make_unique<Made>(*owner, *this, std::forward<Args>(args)...);
    Made& made = *connection;
    done->connected(std::move(connection));
    return made;
  }
  void refuses() {
    Done* const done = waiting.front().second;
    waiting.erase(waiting.begin());
    done->not_connected({.kind = ErrorKind::connect_failed, .unprocessed = true});
  }

  std::vector<std::pair<ConnectionOwner*, Done*>> waiting;
  std::vector<Made*> alive;  // Those that a Made enters itself.

 private:
  class FakeAttempt final : public Attempt {
   public:
    FakeAttempt(FakeConnector& connector, Done& done) : connector_(connector), done_(done) {}
    ~FakeAttempt() override {
      std::erase_if(connector_.waiting, [this](const auto& pair) { return pair.second == &done_; });
    }

   private:
    FakeConnector& connector_;
    Done& done_;
  };
};

// What tests of pools have in common: time, those who call, and what is counted.
class PoolFixture : public testing::Test {
 protected:
  struct Call {
    Exchange exchange;
    RecordingReply reply;
  };

  Call& call(Forwarder& pool, Method method) {
    Call& made = *calls.emplace_back(std::make_unique<Call>());
    made.exchange.request.method = method;
    pool.forward(made.exchange, made.reply);
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
  Counter opened, failed, closed, open, idle_races, waits, waiting;
  PoolCounters counters{opened, failed, closed, open, idle_races, waits, waiting};
};

}  // namespace skiff::test
