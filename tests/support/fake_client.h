#pragma once

#include <string>
#include <string_view>

#include "sidecar/http/body.h"

namespace skiff {

// The client's side of an exchange, held by a test: keeps the answer's body.
class FakeClient final : public BodySink, public BodySource {
 public:
  void data(std::string_view bytes) override { body += bytes; }
  void end(const Headers& fields) override {
    ended = true;
    for (const Field& field : fields)
      trailers.append(field.name()).append(": ").append(field.value()).append("\n");
  }
  void abort(const Error& error) override { aborted_with = error.kind; }
  bool flush() override { return takes_more; }
  void resume() override { ++resumed; }

  std::string body;
  std::string trailers;  // `name: value` lines.
  bool ended = false;
  bool takes_more = true;
  ErrorKind aborted_with = ErrorKind::none;
  int resumed = 0;
};

}  // namespace skiff
