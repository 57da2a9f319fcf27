#include "sidecar/simulate/sim_client.h"

#include <algorithm>
#include <utility>

#include "sidecar/http/criticality.h"

namespace skiff {

SimClient::SimClient(SimContext& context, SimMesh& mesh, SimClientSpec spec, SimClient* beside)
    : context_(context),
      spec_(std::move(spec)),
      rate_(spec_.rate),
      identity_("spiffe://simulated/ns/default/sa/" + spec_.name),
      used_(beside != nullptr ? beside->used_ : sidecars_),
      tallies_(context.start) {
  for (std::uint32_t i = 0; beside == nullptr && i < spec_.sidecars; ++i) {
    sidecars_.push_back(std::make_unique<SimSidecar>(
        context_, mesh, spec_.name + (spec_.sidecars > 1 ? "-" + std::to_string(i + 1) : ""),
        SimWaySettings{.zone = spec_.zone, .identity = identity_, .latency = spec_.latency},
        spec_.scope));
  }
  if (spec_.criticality != Criticality::normal) {
    fields_.add(arena_, "x-skiff-criticality", criticality_text(spec_.criticality));
  }
  for (const auto& [name, value] : spec_.headers) fields_.add(arena_, name, value);
  if (spec_.idempotency_key) fields_.add(arena_, "idempotency-key", "one");
}

SimClient::~SimClient() = default;

std::map<std::string, SimSent> SimClient::sent() const {
  std::map<std::string, SimSent> sum;
  for (const auto& sidecar : sidecars_) {
    for (const auto& [target, sent] : sidecar->sent()) {
      sum[target].attempts += sent.attempts;
      sum[target].retries += sent.retries;
      sum[target].copies += sent.copies;
    }
  }
  return sum;
}

void SimClient::begin() { arm_next(); }

void SimClient::set_rate(double rate) {
  rate_ = rate;
  arm_next();
}

void SimClient::arm_next() {
  if (rate_ <= 0) return context_.agenda.disarm(*this);
  const Duration mean(static_cast<Duration::rep>(1e9 / rate_));
  const Spread gap = spec_.poisson ? Spread::exponential(mean) : Spread::constant(mean);
  context_.agenda.arm(*this, context_.agenda.now() + gap.draw(context_.random));
}

void SimClient::occur(TimePoint) {
  arm_next();
  questions_.take(*this).ask();
}

void SimClient::Question::ask() {
  SimContext& context = client_.context_;
  id_ = context.next_id++;
  sent_ = context.agenda.now();
  repeats_ = 0;
  Tally& tally = client_.tallies_.at(sent_);
  ++tally.sent;
  tally.in_flight = std::max<std::uint64_t>(tally.in_flight, client_.under_way());
  send();
}

void SimClient::Question::send() {
  SimContext& context = client_.context_;
  const SimClientSpec& spec = client_.spec_;
  ++client_.tallies_.at(sent_).asked;
  context.trace.note(Trace::What::sent, id_, repeats_, context.agenda.now());
  SimSidecar& sidecar = *client_.used_[client_.turn_++ % client_.used_.size()];
  context.calls.take(context).start({.id = id_,
                                     .method = spec.method,
                                     .path = spec.path,
                                     .authority = spec.host.empty() ? spec.target : spec.host,
                                     .fields = &client_.fields_,
                                     .patience = spec.patience},
                                    sidecar.way_to(spec.target), *this);
}

void SimClient::Question::call_over(SimCall&, const SimOutcome& outcome) {
  Tally& tally = client_.tallies_.at(sent_);
  tally.attempts += outcome.attempts;
  if (!outcome.is_success() && repeats_ < client_.spec_.repeats) {
    ++repeats_;
    return send();
  }
  const Duration latency = client_.context_.agenda.now() - sent_;
  if (outcome.is_success()) {
    ++tally.succeeded;
    if (!outcome.degraded.empty()) ++tally.degraded;
    tally.latencies.add(latency);
  } else {
    ++tally.failed;
    ++tally.reasons[outcome.reason];
    tally.refusals.add(latency);
  }
  auto& ended_at = client_.context_.ended_at;
  if (id_ >= ended_at.size()) ended_at.resize(2 * id_ + 1);
  ended_at[id_] = client_.context_.agenda.now();
  client_.questions_.give_back(*this);
}

}  // namespace skiff
