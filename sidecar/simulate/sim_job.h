#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sidecar/http/forwarder.h"
#include "sidecar/simulate/agenda.h"
#include "sidecar/simulate/sim_call.h"

namespace skiff {

class SimInstance;

// One request within an application: it waits for a place, is worked on, and calls others. From
// SimContext::jobs.
class SimJob final : private Pending, private BodySource, private SimCaller, private AgendaEntry {
 public:
  explicit SimJob(SimContext& context) : context_(context) {}

  void arrive(SimInstance& instance, Exchange& exchange, Reply& reply);
  // It has a place, and works on it.
  void begin();
  // Not begun, or over: the answer, or a connection that breaks.
  void answer(std::uint16_t status);
  void break_off();
  // While the instance hangs nothing goes on.
  void freeze();
  void thaw();
  // The instance has crashed: whoever waited is told by the network.
  void lose();

  std::uint64_t id() const { return id_; }
  bool is_awaited() const { return exchange_ != nullptr; }
  bool is_dropped() const { return dropped_; }  // It gave its place in the queue up.

  std::size_t place = 0;  // In SimInstance's group.

 private:
  // A field that an application gives to those that it calls for a request.
  struct Passed {
    FieldId id;
    std::uint8_t size;
    char value[22];
  };
  enum class State : std::uint8_t { waiting, working, calling };

  void resume() override {}
  void occur(TimePoint now) override;
  void fail(Exchange& exchange, const Error& error) override;
  void call_over(SimCall& call, const SimOutcome& outcome) override;

  void call_next();
  void conclude(std::uint16_t status);
  void stop();
  void keep_passed(const Headers& headers);
  Exchange& detach();

  SimContext& context_;
  SimInstance* instance_ = nullptr;
  Exchange* exchange_ = nullptr;  // Null: nobody waits for it any more.
  Reply* reply_ = nullptr;
  SimCall* call_ = nullptr;
  State state_ = State::waiting;
  TimePoint due_{};  // The end of the work.
  Duration left_{};  // Of it, while frozen.
  std::uint64_t id_ = 0;
  std::size_t next_call_ = 0;
  bool answered_ = false;
  bool frozen_ = false;
  bool dropped_ = false;
  std::array<Passed, 3> passed_{};
};

}  // namespace skiff
