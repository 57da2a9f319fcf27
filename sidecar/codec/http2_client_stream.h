#pragma once

#include <cstdint>
#include <string_view>

#include "sidecar/codec/http2_session.h"
#include "sidecar/codec/http2_session_stream.h"
#include "sidecar/http/exchange.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// One exchange on a connection to a backend that speaks HTTP/2.
//
//   made --send()--> request sent, body follows --answer's head--> body --whole--> gone
//   anything else: RST_STREAM where the backend does not know yet --> gone
//
// It lies in the exchange's arena, and destroys itself as soon as it owes the exchange nothing.
class Http2ClientStream final : public Http2Stream,
                                private BodySink,
                                private BodySource,
                                private Pending {
 public:
  class Owner {
   public:
    virtual void ended(Http2ClientStream& stream) = 0;  // It is about to go.

   protected:
    ~Owner() = default;
  };

  // Takes the exchange over. `others_before`: the connection has carried exchanges before.
  static Http2ClientStream& make(Http2Session& session, Owner& owner, Exchange& exchange,
                                 Reply& reply, bool others_before);

  void send();
  // Ends it, before it was sent or later.
  void give_up(const Error& error);

 private:
  // Where an exchange is cut short without a word to its Pending: a worker's end.
  struct Hook final : EndHook {
    void ended(Exchange& exchange, const Error& error) override;
    Http2ClientStream* stream = nullptr;
  };

  Http2ClientStream(Http2Session& session, Owner& owner, Exchange& exchange, Reply& reply,
                    bool others_before);
  ~Http2ClientStream();

  void head(bool ended) override;
  void body(std::string_view bytes) override;
  void body_end(const Headers& trailers) override;
  void settle() override;
  void drained() override;
  void closed(const Http2End& end) override;
  void resume() override { taken(untaken()); }
  void data(std::string_view bytes) override { send_body(bytes); }
  void end(const Headers& trailers) override { send_end(trailers); }
  void abort(const Error& error) override { give_up(error); }
  bool flush() override { return flush_body(); }
  void fail(Exchange&, const Error& error) override { give_up(error); }

  void whole();
  void malformed(std::string_view detail);
  Error error_of(const Http2End& end);
  void finish(const Error& error);
  Exchange& detach();

  Owner& owner_;
  Exchange& exchange_;
  Reply& reply_;
  Hook& hook_;
  Headers trailers_{};
  const TimePoint began_;
  bool* gone_ = nullptr;  // To be told that this object is.
  std::uint8_t interim_ = 0;
  const bool others_before_;
  bool answered_ = false;  // The answer's head was passed on.
  bool ended_ = false;     // The answer is whole.
};

}  // namespace skiff
