#pragma once

#include <string_view>

#include "sidecar/http/error.h"
#include "sidecar/http/headers.h"

namespace skiff {

// Takes one message's body, in order. data() any number of times, then end() or abort(), once.
// What was given is borrowed until flush() returns, and flush() follows in the same turn of the
// loop.
class BodySink {
 public:
  virtual void data(std::string_view bytes) = 0;
  virtual void end(const Headers& trailers) = 0;  // The body is whole.
  virtual void abort(
      const Error& error) = 0;  // The rest never comes: the message must not look whole.
  // Sends what was given, or keeps a copy. False: enough for now; the source's resume() will be
  // called.
  virtual bool flush() = 0;

 protected:
  ~BodySink() = default;
};

// Gives one message's body to a sink.
class BodySource {
 public:
  virtual void resume() = 0;  // The sink wants more. Never calls the sink within this call.

 protected:
  ~BodySource() = default;
};

}  // namespace skiff
