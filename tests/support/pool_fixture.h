#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sidecar/pool/pool.h"
#include "tests/support/loop_fixture.h"

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

// What tests of pools have in common: those who call, and what is counted.
class PoolFixture : public LoopFixture {
 protected:
  Call& call(Forwarder& pool, Method method) {
    Call& made = make_call(method);
    pool.forward(made.exchange, made.reply);
    return made;
  }

  Counter opened, failed, closed, open, idle_races, waits, waiting;
  PoolCounters counters{opened, failed, closed, open, idle_races, waits, waiting};
};

}  // namespace skiff::test
