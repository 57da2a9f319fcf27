#include "sidecar/policy/grpc_status.h"

#include <utility>

namespace skiff {
namespace {

// Lines lie where their connection reads, and fields where the next ones are gathered.
Response* keep(const Response& response, Arena& arena) {
  Response* const kept = arena.make<Response>(response);
  kept->reason_phrase = arena.copy(response.reason_phrase);
  kept->headers = Headers();
  kept->headers.reserve(arena, response.headers.size());
  for (Field field : response.headers) {
    const char* const end = field.is_line ? field.line_end() : field.value_at + field.value_size;
    if (field.is_line) {
      const char* const from = field.name_at;
      field.name_at = arena.copy({from, static_cast<std::size_t>(end - from)}).data();
      field.value_at = field.name_at + (field.value_at - from);
    } else {
      field.name_at = arena.copy(field.name()).data();
      field.value_at = arena.copy(field.value()).data();
    }
    kept->headers.push_back(arena, field);
  }
  return kept;
}

}  // namespace

// One attempt, and its answer's way to the client.
//
//   asked --head--> [held] --data, end, time--> passed on
class WithGrpcStatus::Call final : public PassingReply,
                                   private BodySink,
                                   private EndHook,
                                   private Pauses::Waiter {
 public:
  Call(Reply& outer, const WithGrpcStatus& owner, Exchange& exchange, bool holds)
      : PassingReply(outer), owner_(owner), exchange_(exchange), holds_(holds) {}

  void answered(Exchange& exchange, Response& response) override;

 private:
  void data(std::string_view bytes) override;
  void end(const Headers& trailers) override;
  void abort(const Error& error) override;
  bool flush() override { return held_ != nullptr || to_->flush(); }
  void pause_over(Exchange& exchange) override;
  void ended(Exchange&, const Error&) override { stop_pause(); }

  void stop_pause() {
    if (pause_ != nullptr) owner_.pauses_.end(*std::exchange(pause_, nullptr));
  }
  void release();
  void begun() {
    if (exchange_.client_sink == this) exchange_.deadlines.request = exchange_.deadlines.told;
  }

  const WithGrpcStatus& owner_;
  Exchange& exchange_;
  BodySink* client_ = nullptr;  // The one behind this.
  BodySink* to_ = nullptr;      // Who takes the body: that, or who discards it.
  Response* held_ = nullptr;
  Pauses::Pause* pause_ = nullptr;
  const bool holds_;
};

void WithGrpcStatus::Call::answered(Exchange& exchange, Response& response) {
  const std::int8_t status = grpc_status_in(response.headers);
  if (status >= 0 || response.body == BodyKind::none || response.status != 200) {
    response.grpc_status = exchange.marks.grpc_status = status;
    return PassingReply::answered(exchange, response);
  }
  to_ = client_ = exchange.client_sink;
  exchange.client_sink = this;
  held_ = holds_ ? keep(response, exchange.arena) : &response;
  if (!holds_) {
    release();
    return begun();
  }
  exchange.at_end(*this);
  pause_ = &owner_.pauses_.watch(exchange, owner_.clock_.now() + hold_for, *this);
}

// Whoever gets the head may put another sink in front, which then takes the body.
void WithGrpcStatus::Call::release() {
  stop_pause();
  Response& response = *std::exchange(held_, nullptr);
  PassingReply::answered(exchange_, response);
  if (exchange_.client_sink != this) to_ = exchange_.client_sink;
}

void WithGrpcStatus::Call::data(std::string_view bytes) {
  if (held_ != nullptr) {
    release();
    begun();
  }
  to_->data(bytes);
}

void WithGrpcStatus::Call::end(const Headers& trailers) {
  exchange_.marks.grpc_status = grpc_status_in(trailers);
  if (held_ != nullptr) {
    held_->grpc_status = exchange_.marks.grpc_status;
    release();
  }
  to_->end(trailers);
}

void WithGrpcStatus::Call::abort(const Error& error) {
  if (held_ == nullptr) return to_->abort(error);
  stop_pause();
  held_ = nullptr;
  exchange_.client_sink = client_;
  PassingReply::failed(exchange_, error);
}

void WithGrpcStatus::Call::pause_over(Exchange&) {
  pause_ = nullptr;
  release();
  begun();
  to_->flush();
}

void WithGrpcStatus::call(Exchange& exchange, Reply& reply) {
  const bool holds = exchange.retry == nullptr ? holds_ : repeats_by_status(*exchange.retry);
  exchange.marks.grpc_status = -1;  // Not the one of an attempt before.
  inner_.forward(exchange, *exchange.arena.make<Call>(reply, *this, exchange, holds));
}

}  // namespace skiff
