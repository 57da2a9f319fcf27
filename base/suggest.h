#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace skiff {

// How many single letters must be inserted, removed, replaced or swapped with their neighbour to
// turn one word into the other, without regard to case.
// Source: optimal string alignment; F. Damerau, "A technique for computer detection and correction
// of spelling errors" (1964).
std::size_t edit_distance(std::string_view one, std::string_view other);

// The candidate that `word` was most likely meant to be; empty when none is near enough (a third of
// the longer word's letters, at least one) or `word` is absurdly long.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace skiff
