#include "sidecar/policy/deadline.h"

#include <algorithm>
#include <optional>

#include "base/whole_number.h"
#include "sidecar/http/grpc.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr FieldIds claims =
    bit(FieldId::x_skiff_deadline_ms) | bit(FieldId::grpc_timeout) | bit(FieldId::x_skiff_attempt);

std::optional<std::uint64_t> number_in(const Headers& headers, FieldId id) {
  const Field* const field = headers.find(id);
  if (field == nullptr) return std::nullopt;
  return whole_number<std::uint64_t>(field->value());
}

// Beside the application we give up later than the caller's sidecar, whose reason is the better
// one. It cancels the request then; this is for when it cannot.
constexpr Duration after_caller = 10ms;

// The time that the caller says it has; the fields that said so are taken out.
std::optional<Duration> take_time_left(bool grpc, Headers& headers) {
  constexpr std::uint64_t most_ms = std::chrono::milliseconds(24h * 365).count();
  std::optional<Duration> left;
  if (const auto ms = number_in(headers, FieldId::x_skiff_deadline_ms)) {
    left = std::chrono::milliseconds(std::min(*ms, most_ms));
  }
  headers.remove(FieldId::x_skiff_deadline_ms);
  const Field* const field = grpc ? headers.find(FieldId::grpc_timeout) : nullptr;
  const auto timeout = field == nullptr ? std::nullopt : parse_grpc_timeout(field->value());
  if (!timeout) return left;
  headers.remove(FieldId::grpc_timeout);
  return left ? std::min(*left, *timeout) : timeout;
}

void take_attempt(Exchange& exchange) {
  constexpr std::uint64_t most = 1'000;
  Headers& headers = exchange.request.headers;
  const auto attempt = number_in(headers, FieldId::x_skiff_attempt);
  if (attempt && *attempt > 0) {
    exchange.caller_attempt = static_cast<std::uint16_t>(std::min(*attempt, most));
  }
  headers.remove(FieldId::x_skiff_attempt);
}

// Notes how long it took until the answer was there.
class Timed final : public PassingReply {
 public:
  Timed(Reply& outer, LatencyWindow& window, const Clock& clock)
      : PassingReply(outer), window_(window), clock_(clock) {}

  void answered(Exchange& exchange, Response& response) override {
    const TimePoint now = clock_.now();
    if (response.status < 500 && response.grpc_status <= 0) {
      window_.add(now - exchange.started, now);
    }
    PassingReply::answered(exchange, response);
  }

 private:
  LatencyWindow& window_;
  const Clock& clock_;
};

}  // namespace

void Deadline::forward(Exchange& exchange, Reply& reply) {
  Deadlines& deadlines = exchange.deadlines;
  const bool grpc = is_grpc(exchange.request);
  deadlines.told = grpc ? TimePoint::max() : deadlines.request;
  if (exchange.request.headers.may_have(claims)) [[unlikely]] {
    take_attempt(exchange);
    if (const auto left = take_time_left(grpc, exchange.request.headers)) {
      const TimePoint ends = exchange.started + *left;
      deadlines.told = grpc ? ends : std::min(ends, deadlines.request);
      deadlines.of_caller = ends < deadlines.request;
      deadlines.request = std::min(deadlines.request, ends + (judges_ ? 0ms : after_caller));
      deadlines.told_grpc = grpc;
    }
  }
  deadlines.of_caller ? forward_in_time(exchange, reply) : inner_.forward(exchange, reply);
}

void Deadline::forward_in_time(Exchange& exchange, Reply& reply) {
  const TimePoint now = clock_.now();
  if (now >= exchange.deadlines.told) {
    return reply.failed(exchange, {.kind = ErrorKind::timeout_deadline});
  }
  LatencyWindow* const window = judges_ ? window_of(exchange.marks.route) : nullptr;
  if (window == nullptr) return inner_.forward(exchange, reply);
  const auto usual = window->quantile(0.5, now);
  if (usual && exchange.deadlines.request - now < *usual) {
    return reply.failed(exchange, {.kind = ErrorKind::deadline_short});
  }
  inner_.forward(exchange, *exchange.arena.make<Timed>(reply, *window, clock_));
}

LatencyWindow* Deadline::window_of(std::string_view route) {
  const auto found = windows_.find(route);
  if (found != windows_.end()) return found->second.get();
  if (windows_.size() >= most_routes) return nullptr;
  return windows_.emplace(route, std::make_unique<LatencyWindow>()).first->second.get();
}

}  // namespace skiff
