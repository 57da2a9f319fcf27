#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"
#include "sidecar/simulate/simulation.h"

namespace skiff {

// What goes wrong in a simulation, as an operator writes it: WHOM@WHEN, where WHOM is a service,
// `SERVICE/2` its second endpoint, or `SERVICE/ZONE` those of a zone; WHEN is `10s` (from then on)
// or `10s-20s`.
//
//   kill    product@10s, product@10s+5s      refuses connections (for 5s)
//   hang    the same                         accepts, and is silent
//   slow    product@10s+200ms                takes so much longer
//   errors  product@10s=30%                  answers so many with 503
struct SimulatedTrouble {
  enum class Kind { kill, hang, slow, errors };

  Kind kind = Kind::kill;
  std::string service;
  std::string part;  // Of it; empty: all.
  Milliseconds from{};
  std::optional<Milliseconds> until;
  Milliseconds slower{};
  Ratio errors{0};
};

// Nothing where `text` is not of that form.
std::optional<SimulatedTrouble> parse_trouble(SimulatedTrouble::Kind kind, std::string_view text);

// How it is written, for messages: `SERVICE[/PART]@WHEN[+FOR]`.
std::string_view form_of(SimulatedTrouble::Kind kind);

// For the table: `product is killed`.
std::string to_text(const SimulatedTrouble& trouble);

// Lets it happen to those instances of `service` that it means; false: it means none.
bool plan_trouble(Simulation& simulation, SimService& service, const SimulatedTrouble& trouble);

}  // namespace skiff
