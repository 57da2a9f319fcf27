#pragma once

#include <cstdint>

#include "sidecar/http/forwarder.h"
#include "sidecar/http/hop_fields.h"
#include "sidecar/simulate/agenda.h"
#include "sidecar/simulate/sim_call.h"

namespace skiff {

class SimWay;

// One request on a connection from a sidecar to an instance, and its answer back: plays the part of
// the backend's connection. From SimContext::attempts, to which it goes back by itself.
class SimAttempt final : private Pending,
                         private BodySource,
                         private SimCaller,
                         private AgendaEntry {
 public:
  explicit SimAttempt(SimContext& context) : context_(context) {}

  void start(SimWay& way, Exchange& exchange, Reply& reply);
  void peer_died();

  std::size_t place = 0;  // In SimInstance's group.

 private:
  enum class State : std::uint8_t {
    connecting,
    going,
    there,
    silent,
    returning,
    reset,
    cancelling
  };

  void resume() override {}
  void occur(TimePoint now) override;
  void fail(Exchange& exchange, const Error& error) override;
  void call_over(SimCall& call, const SimOutcome& outcome) override;

  void connect();
  void connected();
  void go();
  void arrive();
  void deliver();
  void break_off(const Error& error);
  void after(Duration delay, State state);
  Exchange& detach();
  void free();

  SimContext& context_;
  SimWay* way_ = nullptr;
  Exchange* exchange_ = nullptr;
  Reply* reply_ = nullptr;
  SimCall* call_ = nullptr;
  State state_ = State::connecting;
  HopFields hop_;  // Told as it left.
  bool reused_ = false;
  bool answered_ = false;
  std::uint64_t id_ = 0;
  SimOutcome outcome_;
};

}  // namespace skiff
