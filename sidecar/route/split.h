#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"
#include "sidecar/http/message.h"
#include "sidecar/route/route_table.h"

namespace skiff {

// A stable number for the split key, or 0 where the request lacks it. Source of the hash: xxh3.
std::uint64_t split_hash(const SplitKey& key, std::string_view client_address,
                         const Request& request);

// The backend of a rule that a request goes to, or null where all weights are 0. Equal hashes go to
// the same one; without a hash (0) it is drawn. Each gets exactly its share of all hashes: they are
// laid on [0, total_weight) in order, so that moving weight from a backend to the one beside it
// moves only that share of them.
const RouteBackend* choose_backend(const RouteRule& rule, std::uint64_t hash, Random& random);

}  // namespace skiff
