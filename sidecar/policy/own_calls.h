#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sidecar/http/forwarder.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// Requests whose client is the sidecar itself, such as health checks and copies for mirrors, of one
// worker. Of the answer only its status counts: the body is read and forgotten.
class OwnCalls final : private Deferred {
 public:
  static constexpr std::size_t most_answer = 64 * 1024;  // Longer bodies are cancelled.

  // With the answer's status, once; 0: there was none in time. The exchange lives until it returns.
  using Done = std::function<void(std::uint16_t status)>;

  OwnCalls(Loop& loop, Exchanges& exchanges);
  // Gives up what is under way, and tells nobody.
  ~OwnCalls();

  // One to fill in: its request, with texts in its arena and the whole body in its replay.
  Exchange& prepare() { return exchanges_.take(); }
  // One that was prepared is not sent.
  void drop(Exchange& prepared);
  // Sends one at the end of this turn; it takes `limit` at most, or what its deadlines say then.
  // `to` outlives it.
  void send(Exchange& prepared, Forwarder& to, Duration limit, Done done);

 private:
  class Call;

  void ended(Call& call);
  void run_deferred() override;

  Loop& loop_;
  Exchanges& exchanges_;
  std::vector<std::unique_ptr<Call>> under_way_;
  std::vector<std::unique_ptr<Call>> over_;  // In this turn.
};

}  // namespace skiff
