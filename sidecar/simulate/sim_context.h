#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sidecar/app/limit_states.h"
#include "sidecar/http/exchange.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/policy_event.h"
#include "sidecar/policy/with_bulkhead.h"
#include "sidecar/simulate/agenda.h"
#include "sidecar/simulate/trace.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// Objects that are used again, each the place of one thing under way. T is made of `Args...`.
template <typename T>
class Reused final {
 public:
  template <typename... Args>
  T& take(Args&... args) {
    if (spare_.empty()) spare_.push_back(all_.emplace_back(std::make_unique<T>(args...)).get());
    T& taken = *spare_.back();
    spare_.pop_back();
    return taken;
  }
  void give_back(T& one) { spare_.push_back(&one); }

  std::size_t in_use() const { return all_.size() - spare_.size(); }

 private:
  std::vector<std::unique_ptr<T>> all_;
  std::vector<T*> spare_;
};

// Some of those, in no order that means anything. T has a public `std::size_t place`.
template <typename T>
class Group final {
 public:
  void add(T& one) {
    one.place = members_.size();
    members_.push_back(&one);
  }
  void remove(T& one) {
    members_[one.place] = members_.back();
    members_[one.place]->place = one.place;
    members_.pop_back();
  }
  bool empty() const { return members_.empty(); }
  std::size_t size() const { return members_.size(); }
  T& back() const { return *members_.back(); }
  const std::vector<T*>& members() const { return members_; }

 private:
  std::vector<T*> members_;
};

class SimCall;
class SimAttempt;
class SimJob;

// What became known of a policy, and when since the start.
struct SimEvent {
  Duration at{};
  std::string what;
};

// Zones between which nothing comes through.
struct SimCut {
  std::string one;
  std::string other;
};

// What everything in one simulation shares. All of it runs in one thread, in virtual time.
struct SimContext {
  explicit SimContext(std::uint64_t seed);
  ~SimContext();

  // For the policies of the sidecar `of`.
  OnPolicyEvent teller(const std::string& of);
  bool is_cut(const std::string& one, const std::string& other) const;

  Agenda agenda;
  const TimePoint start = agenda.now();
  Loop loop;
  Random random;  // Of the network, clients and services; the policies use the loop's.
  Pauses pauses;
  BulkheadWaits waits;
  Exchanges exchanges;
  LimitStates in_redis;  // Buckets that all sidecars share.
  Trace trace;
  std::uint64_t next_id = 0;        // Of clients' requests.
  std::vector<TimePoint> ended_at;  // By id: when the client had its answer, or gave up.
  std::vector<SimCut> cuts;
  std::vector<SimEvent> events;
  std::uint64_t deadlines_grown = 0;  // Attempts that were told more than whoever asked had.
  // Last: what is under way refers to the others.
  Reused<SimCall> calls;
  Reused<SimAttempt> attempts;
  Reused<SimJob> jobs;
};

}  // namespace skiff
