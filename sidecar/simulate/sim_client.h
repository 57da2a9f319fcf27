#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/schema/bulkhead.h"
#include "sidecar/simulate/sim_call.h"
#include "sidecar/simulate/sim_sidecar.h"
#include "sidecar/simulate/tally.h"

namespace skiff {

// Who sends requests from outside, as many a second as said, whatever becomes of them.
struct SimClientSpec {
  std::string name = "client";
  std::string target{};  // A service, or what is in front of it, where routes lead on.
  std::string host{};    // Empty: as the target.
  RouteScope scope{};    // What its sidecars see of the routes.
  double rate = 100;     // A second.
  bool poisson = true;   // Else evenly.
  std::string_view method = "GET";
  std::string path = "/";                                      // With a query, where there is one.
  std::vector<std::pair<std::string, std::string>> headers{};  // Names in lower case.
  bool idempotency_key = false;
  Criticality criticality = Criticality::normal;
  Duration patience{};         // After it whoever asked leaves; zero: never.
  std::uint32_t repeats = 0;   // Who was not answered asks again so often, at once.
  std::uint32_t sidecars = 1;  // They take turns.
  std::string beside{};        // Another client, whose sidecars it shares; empty: none.
  std::string zone{};
  Spread latency = Spread::constant(std::chrono::microseconds(500));
};

class SimClient final : private AgendaEntry {
 public:
  // `beside` outlives it; null: it has sidecars of its own.
  SimClient(SimContext& context, SimMesh& mesh, SimClientSpec spec, SimClient* beside);
  ~SimClient();

  void begin();
  void set_rate(double rate);  // From now on; 0: none.

  const SimClientSpec& spec() const { return spec_; }
  Tallies& tallies() { return tallies_; }
  // Those that are its own.
  const std::vector<std::unique_ptr<SimSidecar>>& sidecars() const { return sidecars_; }
  std::size_t under_way() const { return questions_.in_use(); }
  // What its sidecars sent out, by target.
  std::map<std::string, SimSent> sent() const;

 private:
  // One of its requests, with all repeats.
  class Question final : private SimCaller {
   public:
    explicit Question(SimClient& client) : client_(client) {}
    void ask();

   private:
    void send();
    void call_over(SimCall& call, const SimOutcome& outcome) override;

    SimClient& client_;
    std::uint64_t id_ = 0;
    TimePoint sent_{};
    std::uint32_t repeats_ = 0;
  };

  void occur(TimePoint now) override;
  void arm_next();

  SimContext& context_;
  const SimClientSpec spec_;
  double rate_;
  std::string identity_;
  std::vector<std::unique_ptr<SimSidecar>> sidecars_;
  const std::vector<std::unique_ptr<SimSidecar>>& used_;
  std::size_t turn_ = 0;
  Tallies tallies_;
  Reused<Question> questions_;
  Arena arena_;
  Headers fields_;  // Of each request.
};

}  // namespace skiff
