#include "config/schema/fallback.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/lower_case.h"
#include "config/schema/item_path.h"
#include "config/schema/shape.h"

namespace skiff {
namespace {

using Type = FallbackStep::Type;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::size_t most_static_bytes = 64 * 1024;

// What we say ourselves, of the message's length and of the connection.
bool is_ours(const std::string& name) {
  constexpr std::array<std::string_view, 10> ours = {
      "connection", "content-length",   "content-type",
      "keep-alive", "proxy-connection", "proxy-authenticate",
      "te",         "trailer",          "transfer-encoding",
      "upgrade"};
  return std::ranges::find(ours, name) != ours.end() || name.starts_with("x-skiff-");
}

bool has_no_body(std::uint16_t status) { return status == 204 || status == 205 || status == 304; }

void check_static(const FallbackStep& step, const Complain& complain) {
  if (step.type != Type::static_answer) return;
  if (step.body.size() > most_static_bytes) {
    complain("body", "has " + std::to_string(step.body.size()) + " bytes", "at most 64KiB");
  }
  if (has_no_body(step.status) && !step.body.empty()) {
    complain("body", "stands beside status " + std::to_string(step.status) + ", which has none",
             "another status, or no body");
  }
  for (std::size_t i = 0; i < step.headers.size(); ++i) {
    if (!is_ours(lower_case(step.headers[i].name))) continue;
    complain(item("headers", i, "name"), "\"" + step.headers[i].name + "\" is set by the sidecar",
             "another header; for content-type contentType");
  }
}

void check_cached(const FallbackStep& step, const Complain& complain) {
  if (step.type != Type::cached || step.max_answer_bytes <= step.max_bytes) return;
  complain("maxAnswerBytes", to_text(step.max_answer_bytes) + " is more than maxBytes",
           "at most " + to_text(step.max_bytes));
}

void describe_cached(Shape& shape) {
  shape
      .field("maxAge", &FallbackStep::max_age,
             "No answer that is older, by what its own Age said too.")
      .range(seconds(1), hours(168))
      .only_for("type", {"CACHED"});
  shape
      .field("maxBytes", &FallbackStep::max_bytes,
             "Of all that is kept, heads and bodies; beyond it the least recently used goes.")
      .range(Bytes{1024}, Bytes{1024 * 1024 * 1024})
      .only_for("type", {"CACHED"});
  shape.field("maxEntries", &FallbackStep::max_entries, "How many answers are kept; likewise.")
      .range(1, 1'000'000)
      .only_for("type", {"CACHED"});
  shape
      .field("maxAnswerBytes", &FallbackStep::max_answer_bytes,
             "An answer with a longer body is not kept.")
      .range(Bytes{1}, Bytes{64 * 1024 * 1024})
      .only_for("type", {"CACHED"});
}

void describe_static(Shape& shape) {
  shape.field("status", &FallbackStep::status, "The answer's status.")
      .range(200, 599)
      .only_for("type", {"STATIC"});
  shape.field("headers", &FallbackStep::headers, "Further headers.")
      .items(0, 16)
      .only_for("type", {"STATIC"});
  shape.field("body", &FallbackStep::body, "Its body, at most 64KiB.").only_for("type", {"STATIC"});
  shape.field("contentType", &FallbackStep::content_type, "What its body is.")
      .obeys(text_rules::header_value)
      .only_for("type", {"STATIC"});
  shape
      .field("grpcStatus", &FallbackStep::grpc_status,
             "The answer to calls of gRPC, instead of all that. Left out: it answers none of them.")
      .one_of(grpc_status_names())
      .only_for("type", {"STATIC"});
}

}  // namespace

Shape describe(Of<FallbackStep>) {
  Shape shape = Shape::of<FallbackStep>(
      "What answers where the target fails: an error, a refusal by a policy, or a 5xx after the "
      "last attempt.");
  shape
      .field("type", &FallbackStep::type,
             "CACHED: the last good answer to the same GET. CLUSTER: another service is asked, "
             "where that does nothing twice. STATIC: always this answer.")
      .one_of({"CACHED", "CLUSTER", "STATIC"})
      .required();
  describe_cached(shape);
  shape.field("backendRef", &FallbackStep::backend_ref, "The other service.")
      .required()
      .only_for("type", {"CLUSTER"});
  describe_static(shape);
  shape.check(&check_static);
  shape.check(&check_cached);
  return shape;
}

}  // namespace skiff
