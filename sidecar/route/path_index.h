#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "sidecar/http/message.h"
#include "sidecar/route/compiled_match.h"

namespace skiff {

struct RouteRule;

// A rule that is tried when its path fits.
struct Candidate {
  const RouteRule* rule = nullptr;  // Both outlive the index.
  const CompiledMatch* match = nullptr;
};

// The rules of one host by path: exact, then the longest prefix, then regular expressions.
// Cost of a look-up: one hash for the exact path and one for each segment, down from as deep as any
// prefix goes; nothing is allocated.
class PathIndex final {
 public:
  // In the order in which equals are to be tried: older route, its name, first rule, first match.
  void add(const Candidate& candidate);

  // The candidate to take, or null. Needs an index to which nothing is added any more.
  const Candidate* find(const Request& request) const;

 private:
  using Bucket = std::vector<Candidate>;  // Most specific first.

  static void insert(Bucket& bucket, const Candidate& candidate);
  static const Candidate* first_that_holds(const Bucket& bucket, const Request& request);
  static const Candidate* look_up(const TextMap<Bucket>& map, std::string_view path,
                                  const Request& request);
  const Candidate* find_prefix(const Request& request) const;

  Bucket everything_;  // Prefix `/`.
  TextMap<Bucket> exact_;
  TextMap<Bucket> prefixes_;
  Bucket regular_expressions_;
  std::uint32_t deepest_ = 0;  // Segments of the deepest prefix.
};

}  // namespace skiff
