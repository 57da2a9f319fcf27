#include "sidecar/observe/spells.h"

#include <algorithm>
#include <utility>

namespace skiff {

std::optional<Spells::Change> Spells::look(const std::string& name, std::uint64_t bad,
                                           std::uint64_t all, TimePoint now) {
  const Spell unseen{.looked = std::min(now, looked_)};
  Spell& spell = spells_.try_emplace(name, unseen).first->second;
  if (bad < spell.bad || all < spell.all) spell = {.looked = spell.looked};
  const Spell before = spell;
  spell.bad = bad;
  spell.all = all;
  spell.looked = now;
  if (bad > before.bad) {
    spell.last = now;
    if (std::exchange(spell.is_on, true)) return std::nullopt;
    spell.since = before.looked;
    spell.bad_before = before.bad;
    spell.all_before = before.all;
    return Change{true, bad - before.bad, all - before.all, now - before.looked};
  }
  if (!spell.is_on || now - spell.last < quiet) return std::nullopt;
  spell.is_on = false;
  return Change{false, bad - spell.bad_before, all - spell.all_before, now - spell.since};
}

void Spells::forget_before(TimePoint now) {
  looked_ = now;
  std::erase_if(spells_, [now](const auto& spell) { return spell.second.looked < now; });
}

}  // namespace skiff
