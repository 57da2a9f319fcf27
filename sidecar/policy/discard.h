#pragma once

#include <cstddef>

#include "sidecar/http/exchange.h"
#include "sidecar/policy/pauses.h"

namespace skiff {

// Takes the answer's body that nobody will see, as another answer is wanted: reads it to its end
// where that is near, so that its connection lives on, else cancels it.
//
// Begins within Reply::answered(), in place of the client as client_sink, and puts that back at the
// end. In the exchange's arena.
class Discard final : public BodySink, private EndHook, private Pauses::Waiter {
 public:
  static constexpr std::size_t most = 64 * 1024;  // Longer ones are cancelled.
  // So long may be waited for the end, where nothing else is.
  static constexpr Duration longest = std::chrono::milliseconds(20);

  class Then {
   public:
    // Nothing is under way for the exchange any more. May end the exchange.
    virtual void discarded(Exchange& exchange) = 0;
    // The exchange was given up meanwhile, such as for its time, or as the client left.
    virtual void broken(Exchange& exchange, const Error& error) = 0;

   protected:
    ~Then() = default;
  };

  // What has not ended at `until` is cancelled.
  static void begin(Exchange& exchange, Pauses& pauses, TimePoint until, Then& then);

  Discard(Exchange& exchange, Pauses& pauses, Then& then)
      : exchange_(exchange), pauses_(pauses), then_(then), client_(*exchange.client_sink) {}

 private:
  void data(std::string_view bytes) override { size_ += bytes.size(); }
  void end(const Headers&) override { has_ended_ = true; }
  void abort(const Error& error) override;
  bool flush() override;
  void pause_over(Exchange& exchange) override;
  void ended(Exchange& exchange, const Error& error) override;

  void stop();
  void cancel();

  Exchange& exchange_;
  Pauses& pauses_;
  Then& then_;
  BodySink& client_;
  Pauses::Pause* pause_ = nullptr;
  std::size_t size_ = 0;
  bool has_ended_ = false;
  bool is_cancelled_ = false;  // By us.
};

}  // namespace skiff
