#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sidecar/codec/server_connection.h"
#include "tests/support/fake_backends.h"
#include "tests/support/http2_frames.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

namespace skiff {
namespace {

void require(bool law, const char* what) {
  if (law) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// Answers some requests at once, some later, and some not at all.
class Stages final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    const Request& request = exchange.request;
    require(request.path.empty() || request.path[0] == '/' || request.path == "*",
            "a path is not canonical");
    require(request.target.find_first_of(std::string_view("#\r\n \0", 5)) == request.target.npos,
            "a target holds what it may not");
    for (const Field& field : request.headers) {
      require(field.value().find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
              "a value holds what it may not");
      require(field.name().find_first_of(": \r\n") == std::string_view::npos,
              "a name holds what it may not");
    }
    const std::size_t kind = request.target.size() % 4;
    if (kind == 0) return reply.failed(exchange, {.kind = ErrorKind::no_route});
    backends.ready = kind != 1;
    backends.forward(exchange, reply);
    if (kind == 2) backends.last().answers(200, std::string(20'000, 'x'));
  }

  FakeBackends backends;
};

struct Owner final : ServerConnectionOwner {
  void closed(ServerConnection&) override { is_closed = true; }
  void refused(const Exchange&, ErrorKind kind) override {
    require(kind != ErrorKind::none, "refused for no reason");
  }
  bool is_closed = false;
};

// The rest of the input as it is, or each few bytes of it as one frame, which comes further.
std::string bytes_of(std::string_view input, bool as_frames) {
  if (!as_frames) return std::string(input);
  std::string all;
  while (input.size() >= 4) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(input[i]); };
    const Http2Frame frame{static_cast<std::uint8_t>(at(0) % 11), at(1), at(2) % 12U,
                           std::string(input.substr(4, at(3)))};
    input.remove_prefix(4 + frame.payload.size());
    all += frame.bytes();
  }
  return all;
}

void run(std::string_view input, bool as_frames, std::size_t cut) {
  ManualClock clock;
  Loop loop{1, &clock};
  const ServerSettings settings{.limits = {.header_bytes = 4'096, .header_count = 20}};
  Stages stages;
  Exchanges exchanges;
  Owner owner;
  const ServerContext context{loop, exchanges, settings, owner, stages};
  ScriptedPeer wire;
  auto connection = make_http2_server(context, ScriptedTransport::make(wire), "192.0.2.1");
  const auto turn = [&] {
    loop.io().restart();
    loop.io().poll();
    if (owner.is_closed) connection.reset();
  };
  const std::string bytes = http2_hello() + bytes_of(input, as_frames);
  const std::size_t half = cut * bytes.size() / 256;
  wire.sends(std::string_view(bytes).substr(0, half));
  turn();
  for (const auto& backend : stages.backends.all)
    if (backend->has_exchange()) backend->begin_answer(200, BodyKind::chunked);
  if (!owner.is_closed) wire.sends(std::string_view(bytes).substr(half));
  turn();
  for (const auto& backend : stages.backends.all)
    if (backend->has_exchange()) backend->ends();
  turn();
  clock.advance(std::chrono::minutes(10));
  loop.run_due();
  turn();
}

}  // namespace
}  // namespace skiff

// The first byte says whether the rest is frames, the second where it is cut in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  skiff::run(input, data[0] % 2 == 1, data[1]);
  return 0;
}
