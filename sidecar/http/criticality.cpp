#include "sidecar/http/criticality.h"

#include "sidecar/http/headers.h"

namespace skiff {
namespace {

bool take_what_is_said(Exchange& exchange) {
  Headers& headers = exchange.request.headers;
  const Field* const said = headers.find(FieldId::x_skiff_criticality);
  if (said == nullptr) return false;
  const auto parsed = parse_criticality(said->value());
  parsed ? void(exchange.criticality = *parsed) : headers.remove(FieldId::x_skiff_criticality);
  return parsed.has_value();
}

void say(Exchange& exchange) {
  Headers& headers = exchange.request.headers;
  if (exchange.request.version == Version::bytes) return;
  if (headers.find(FieldId::x_skiff_criticality) != nullptr) return;
  headers.add(exchange.arena, field_name(FieldId::x_skiff_criticality),
              criticality_text(exchange.criticality));
}

}  // namespace

std::optional<Criticality> parse_criticality(std::string_view text) {
  for (const Criticality each :
       {Criticality::sheddable, Criticality::normal, Criticality::critical}) {
    if (equals_ignoring_case(text, criticality_text(each))) return each;
  }
  return std::nullopt;
}

std::string_view criticality_text(Criticality criticality) {
  switch (criticality) {
    case Criticality::sheddable:
      return "sheddable";
    case Criticality::normal:
      return "normal";
    case Criticality::critical:
      break;
  }
  return "critical";
}

void settle_criticality(Criticality by_policy, Exchange& exchange) {
  if (!take_what_is_said(exchange)) exchange.criticality = by_policy;
  if (exchange.criticality != Criticality::normal) say(exchange);
}

void say_criticality(Criticality by_policy, Exchange& exchange) {
  if (!take_what_is_said(exchange)) exchange.criticality = by_policy;
  say(exchange);
}

}  // namespace skiff
