// What the policies read in the fields of a request and of its answer, parsed as they come from the
// wire: the deadline, the attempt, the criticality, gRPC's timeout and status, Retry-After,
// Cache-Control, the keys of rate limits. The input is a request's head, a zero byte, and an
// answer's head.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/http/criticality.h"
#include "sidecar/http/grpc.h"
#include "sidecar/policy/deadline.h"
#include "sidecar/policy/keeping.h"
#include "sidecar/policy/rate_limit_key.h"
#include "sidecar/policy/retry.h"
#include "tests/support/manual_clock.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

void expect(bool holds) {
  if (!holds) std::abort();
}

// Where a request comes to, and where its answer's body goes.
class End final : public Forwarder, public Reply, public BodySink {
 public:
  void forward(Exchange&, Reply&) override { ++forwarded; }
  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response&) override {}
  void failed(Exchange&, const Error&) override { ++failures; }
  void data(std::string_view) override {}
  void end(const Headers&) override {}
  void abort(const Error&) override {}
  bool flush() override { return true; }

  int forwarded = 0;
  int failures = 0;
};

bool has(const Request& request, FieldId id) { return request.headers.find(id) != nullptr; }

// The time that is left never grows, and what the caller said is not handed on as it is.
void check_deadline(Exchange& exchange, const Clock& clock) {
  End end;
  Deadline deadline(true, clock, end);
  const TimePoint own = clock.now() + 15s;
  exchange.deadlines.request = own;
  exchange.deadlines.told = own;
  deadline.forward(exchange, end);
  expect(end.forwarded + end.failures == 1);
  expect(exchange.deadlines.request <= own);
  expect(!has(exchange.request, FieldId::x_skiff_deadline_ms));
  expect(!has(exchange.request, FieldId::x_skiff_attempt));
  expect(exchange.caller_attempt >= 1 && exchange.caller_attempt <= 1'000);
}

void check_criticality(Exchange& exchange) {
  settle_criticality(Criticality::normal, exchange);
  const Field* const said = exchange.request.headers.find(FieldId::x_skiff_criticality);
  if (said == nullptr) return expect(exchange.criticality == Criticality::normal);
  expect(parse_criticality(said->value()) == exchange.criticality);
}

// A key says in one way only what it is made of: lengths before texts, and an end of each part.
void check_key(Exchange& exchange) {
  using Type = RateLimitKeyConfig::Type;
  std::vector<RateLimitKeyConfig> parts(3);
  parts[0].type = Type::header;
  parts[0].name = "X-Key";
  parts[1].type = Type::path_segment;
  parts[1].segment = 2;
  parts[2].type = Type::client_address;
  const RateLimitKey key({}, parts);
  std::string_view rest = key.of(exchange);
  for (std::size_t ends = 0; ends < parts.size();) {
    std::uint32_t size = 0;
    expect(rest.size() >= sizeof size);
    std::memcpy(&size, rest.data(), sizeof size);
    rest.remove_prefix(sizeof size);
    if (size == UINT32_MAX) {
      ++ends;
    } else {
      expect(rest.size() >= size);
      rest.remove_prefix(size);
    }
  }
  expect(rest.empty());
}

// What is kept comes back with the fields that it had, but for its age.
void check_keeping(Exchange& exchange, Response& response, const Clock& clock) {
  const auto keeping = keeping_of(exchange, response);
  if (!keeping) return;
  expect(response.status == 200 && keeping->age >= 0s);
  response.body = BodyKind::length;
  response.content_length = 4;
  AnswerStore store;
  store.configure({.max_age = 1h, .max_bytes = 1 << 20, .max_entries = 4});
  keep_answer(exchange, response, *keeping, 1 << 16, store, clock);
  exchange.client_sink->data("body");
  exchange.client_sink->end({});
  const auto found = store.find(store_key(exchange, keeping->by_encoding), clock.now());
  expect((found.answer != nullptr) == (keeping->age <= 1h));
  if (found.answer == nullptr) return;
  expect(found.answer->body() == "body");
  Response again;
  restore_head(found, exchange.arena, again);
  auto field = again.headers.begin();
  for (const Field& was : response.headers) {
    if (equals_ignoring_case(was.name(), "age")) continue;
    expect(field->name() == was.name() && field->value() == was.value());
    ++field;
  }
  expect(field->name() == "age" && field + 1 == again.headers.end());
}

void check_answer(Exchange& exchange, std::string_view bytes, const Clock& clock) {
  Response response;
  const Http1Head head = parse_response(bytes, {}, exchange.request, exchange.arena, response);
  if (head.status != Http1Head::Status::done) return;
  const auto wait = retry_after(response);
  expect(!wait || (*wait >= 0s && (*wait <= longest_retry_after || *wait == Duration::max())));
  response.grpc_status = grpc_status_in(response.headers);
  expect(response.grpc_status >= -1 && response.grpc_status <= 16);
  RetryConfig config;
  config.conditions = {RetryConfig::Condition::server_error};
  judge(config, exchange, response);
  check_keeping(exchange, response, clock);
}

void check(std::string_view request, std::string_view answer) {
  const ManualClock clock;
  End end;
  Exchange exchange;
  exchange.client_address = "192.0.2.1";
  exchange.client_sink = &end;
  const Http1Head head = parse_request(request, {}, exchange.arena, exchange.request);
  if (head.status == Http1Head::Status::done) {
    check_key(exchange);
    check_criticality(exchange);
    check_deadline(exchange, clock);
    check_answer(exchange, answer, clock);
  }
  exchange.finish({});
}

}  // namespace
}  // namespace skiff

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = std::min(bytes.find('\0'), bytes.size());
  const std::string request(bytes.substr(0, zero));  // Of their own, so that ASan sees their ends.
  const std::string answer(zero < size ? bytes.substr(zero + 1) : std::string_view());
  skiff::check(request, answer);
  return 0;
}
