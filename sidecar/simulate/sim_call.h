#pragma once

#include <cstdint>
#include <string_view>

#include "sidecar/http/forwarder.h"
#include "sidecar/http/hop_fields.h"
#include "sidecar/simulate/agenda.h"

namespace skiff {

struct SimContext;
class SimCall;

// What is asked. All texts outlive the call.
struct SimRequest {
  std::uint64_t id = 0;  // Of the client's request that this is for.
  std::string_view method = "GET";
  std::string_view path = "/";  // With a query, where there is one.
  std::string_view authority = "service";
  std::string_view caller{};        // Who asks: an identity, where it is proved.
  const Headers* fields = nullptr;  // Copied; null: none.
  HopFields hop{};                  // What a sidecar says of this attempt beside them.
  Duration patience{};              // After it the client leaves; zero: it never does.
};

// The id that its fields say, given by SimCall.
std::uint64_t request_id(const Headers& headers);

// How many milliseconds whoever asked said that it has left, whatever became of that field; -1: it
// did not say.
std::int64_t told_ms(const Headers& headers);

// What whoever asked was told.
struct SimOutcome {
  std::uint16_t status = 0;            // 499: it left.
  ErrorKind reason = ErrorKind::none;  // Why a sidecar answered so, here or there.
  std::string_view degraded;           // By a fallback; a literal.
  std::uint32_t retry_after = 0;       // Seconds.
  std::uint16_t attempts = 0;
  Duration latency{};

  // An answer that no sidecar gave in place of the service's, and neither 5xx nor 429.
  bool is_success() const { return status < 500 && status != 429 && reason == ErrorKind::none; }
};

// Who made a call.
class SimCaller {
 public:
  // Once for each call, also within its start() or leave(). The call is gone already.
  virtual void call_over(SimCall& call, const SimOutcome& outcome) = 0;

 protected:
  ~SimCaller() = default;
};

// One request as it comes to a sidecar: plays the part of the connection that it came on, so it
// holds the exchange and watches its deadlines. From SimContext::calls, to which it goes back by
// itself.
class SimCall final : private Reply,
                      private BodySink,
                      private BodySource,
                      private EndHook,
                      private AgendaEntry {
 public:
  explicit SimCall(SimContext& context) : context_(context) {}
  ~SimCall();  // One under way ends without a word, with all that was simulated.
  SimCall(const SimCall&) = delete;
  SimCall& operator=(const SimCall&) = delete;

  void start(const SimRequest& request, Forwarder& to, SimCaller& caller);
  void leave();  // Who asked has gone.

 private:
  void informational(Exchange&, Response&) override {}
  void answered(Exchange& exchange, Response& response) override;
  void failed(Exchange& exchange, const Error& error) override;

  void data(std::string_view) override {}
  void end(const Headers& trailers) override;
  void abort(const Error& error) override;
  bool flush() override;
  void resume() override {}
  void ended(Exchange& exchange, const Error& error) override;

  void occur(TimePoint now) override;

  void fill(const SimRequest& request);
  TimePoint due() const;
  bool awaits_head() const;
  void fail(const Error& error);
  void over(const Error& error);

  SimContext& context_;
  SimCaller* caller_ = nullptr;
  Exchange* exchange_ = nullptr;
  TimePoint leaves_at_ = TimePoint::max();
  std::uint64_t id_ = 0;
  SimOutcome outcome_;
  bool answered_ = false;
  bool ended_ = false;
};

}  // namespace skiff
