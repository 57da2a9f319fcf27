#include "sidecar/policy/fault.h"

#include <algorithm>
#include <utility>

#include "base/lower_case.h"

namespace skiff {
namespace {

// Any of several fields of one name may say it. The header's name is in lower case.
bool says(const Request& request, const HTTPHeader& header) {
  return std::ranges::any_of(request.headers, [&](const Field& field) {
    return equals_ignoring_case(field.name(), header.name) && field.value() == header.value;
  });
}

std::vector<Fault> with_lower_names(std::vector<Fault> faults) {
  for (Fault& fault : faults) {
    for (HTTPHeader& header : fault.headers) header.name = lower_case(header.name);
  }
  return faults;
}

bool is_for(const Fault& fault, const Request& request) {
  return std::ranges::all_of(fault.headers, [&](const auto& each) { return says(request, each); });
}

Duration draw(const FaultDelay& delay, Random& random) {
  if (delay.fixed) return *delay.fixed;
  const Duration least = delay.min.value_or(Milliseconds(0));
  const Duration most = delay.max.value_or(Milliseconds(0));
  const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
  return least + Duration(static_cast<Duration::rep>(random.below(span)));
}

}  // namespace

FaultRules::FaultRules(const FaultPolicy& policy, TimePoint until, const FaultCells& cells)
    : name_(policy.metadata.ns + "/" + policy.metadata.name),
      faults_(with_lower_names(policy.faults)),
      until_(until),
      cells_(cells) {}

FaultRules::Decision FaultRules::decide(const Request& request, TimePoint now,
                                        Random& random) const {
  Decision decision;
  if (now >= until_) return decision;
  for (const Fault& fault : faults_) {
    if (!is_for(fault, request) || random.unit() >= fault.percent.value) continue;
    if (fault.delay && decision.delay == Duration::zero()) {
      decision.delay = draw(*fault.delay, random);
    }
    if (decision.abort != nullptr || decision.reset) continue;
    decision.reset = fault.reset;
    if (fault.abort) decision.abort = &*fault.abort;
  }
  return decision;
}

void FaultRules::count(const Decision& decision) const {
  const auto add = [](auto& cell) { cell.fetch_add(1, std::memory_order_relaxed); };
  if (decision.delay > Duration::zero()) add(cells_.delays);
  if (decision.abort != nullptr) add(cells_.aborts);
  if (decision.reset) add(cells_.resets);
}

// A request that is held.
class InjectFaults::Delayed final : public Pauses::Waiter, public EndHook {
 public:
  Delayed(InjectFaults& stage, const FaultRules::Decision& decision, Reply& reply)
      : stage_(stage), decision_(decision), reply_(reply) {}

  void begin(Exchange& exchange) {
    exchange.at_end(*this);
    pause_ = &stage_.pauses_.wait(exchange, stage_.clock_.now() + decision_.delay, *this);
  }

  void pause_over(Exchange& exchange) override {
    pause_ = nullptr;
    stage_.go_on(decision_, exchange, reply_);
  }
  void pause_broken(Exchange& exchange, const Error& error) override {
    pause_ = nullptr;
    Error unprocessed = error;
    unprocessed.unprocessed = true;
    reply_.failed(exchange, unprocessed);
  }
  void ended(Exchange&, const Error&) override {
    if (pause_ != nullptr) stage_.pauses_.end(*std::exchange(pause_, nullptr));
  }

 private:
  InjectFaults& stage_;
  const FaultRules::Decision decision_;
  Reply& reply_;
  Pauses::Pause* pause_ = nullptr;
};

void InjectFaults::forward(Exchange& exchange, Reply& reply) {
  if (exchange.faults == nullptr) [[likely]]
    return inner_.forward(exchange, reply);
  const FaultRules::Decision decision =
      exchange.faults->decide(exchange.request, clock_.now(), random_);
  if (decision.is_none()) return inner_.forward(exchange, reply);
  exchange.marks.policy = exchange.faults->name();
  exchange.faults->count(decision);
  if (decision.delay == Duration::zero()) return go_on(decision, exchange, reply);
  exchange.arena.make<Delayed>(*this, decision, reply)->begin(exchange);
}

void InjectFaults::go_on(const FaultRules::Decision& decision, Exchange& exchange, Reply& reply) {
  if (decision.abort == nullptr && !decision.reset) return inner_.forward(exchange, reply);
  auto* const answer = exchange.arena.make<ErrorAnswer>();
  answer->reset = decision.reset;
  if (decision.abort != nullptr) {
    answer->status = decision.abort->status;
    if (decision.abort->grpc_status) {
      answer->grpc_status = static_cast<std::int8_t>(*decision.abort->grpc_status);
    }
  }
  reply.failed(exchange,
               {.kind = ErrorKind::fault_injected, .unprocessed = true, .answer = answer});
}

}  // namespace skiff
