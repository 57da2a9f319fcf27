#pragma once

#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "sidecar/listener/sniff.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// What the first bytes of a connection told.
struct Detected {
  Sniffed what = Sniffed::unknown;  // Never `more`: what did not come in time is `unknown`.
  bool in_time = true;              // Enough came, or nothing had to be waited for.
  ClientHello hello;                // With `tls`: complete, unless it was malformed or too slow.
};

// A look at the first bytes under way; destroying it ends it.
class Detection {
 public:
  class Done {
   public:
    virtual void detected(const Detected& found) = 0;

   protected:
    ~Done() = default;
  };

  virtual ~Detection() = default;
};

struct DetectionSettings {
  Duration limit = std::chrono::milliseconds(100);  // Of a client that says too little.
  // Of one whose bytes so far can only be TLS, for its whole ClientHello. Who was slower than that
  // (`tls`, not in_time) is best closed.
  Duration hello_limit = std::chrono::seconds(5);
  std::uint16_t port = 0;  // Where the server speaks first nothing is waited for; 0: not known.
};

// Looks at what the client of `transport` sends first, taking nothing (Transport::peek). `done` is
// told once, later, never within this call; the transport is then free for another user. A
// connection that ended or broke is `unknown`: whoever takes it finds out. `transport` outlives it.
std::unique_ptr<Detection> begin_detection(Loop& loop, Transport& transport,
                                           const DetectionSettings& settings,
                                           Detection::Done& done);

}  // namespace skiff
