#include "sidecar/policy/unprocessed.h"

namespace skiff {
namespace {

constexpr std::string_view mark_header = "x-skiff-unprocessed";

// What we refused ourselves would be refused again.
bool says_so(const Error& error) {
  return error.unprocessed && about(error.kind).source == ErrorSource::backend;
}

const ErrorAnswer* with_mark(Arena& arena, const ErrorAnswer* answer) {
  auto* const marked = arena.make<ErrorAnswer>();
  if (answer != nullptr) *marked = *answer;
  auto* const fields = arena.make<Headers>();
  if (marked->fields != nullptr) {
    for (const Field& field : *marked->fields) fields->push_back(arena, field);
  }
  fields->add(arena, mark_header, "1");
  marked->fields = fields;
  return marked;
}

}  // namespace

class TellUnprocessed::Teller final : public PassingReply {
 public:
  using PassingReply::PassingReply;

  void failed(Exchange& exchange, const Error& error) override {
    Error told = error;
    if (says_so(error)) told.answer = with_mark(exchange.arena, error.answer);
    PassingReply::failed(exchange, told);
  }
};

void TellUnprocessed::forward(Exchange& exchange, Reply& reply) {
  inner_.forward(exchange, *exchange.arena.make<Teller>(reply));
}

bool take_unprocessed(Response& response) {
  if (response.headers.find(mark_header) == nullptr) return false;
  response.headers.remove(mark_header);
  return true;
}

}  // namespace skiff
