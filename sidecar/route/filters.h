#pragma once

#include <span>

#include "config/schema/http_route.h"
#include "sidecar/http/arena.h"
#include "sidecar/http/message.h"

namespace skiff {

// Changes a request as `filters` say (RequestHeaderModifier, URLRewrite). `matched_prefix` is what
// ReplacePrefixMatch replaces. New text goes to `arena`.
void apply_request_filters(std::span<const HTTPRouteFilter> filters,
                           std::string_view matched_prefix, Arena& arena, Request& request);

// Changes an answer's headers (ResponseHeaderModifier).
void apply_response_filters(std::span<const HTTPRouteFilter> filters, Arena& arena,
                            Response& response);

// The answer of a RequestRedirect among `filters` (Location and status), or false where none is.
// `listener_port` is the port the request came to.
bool make_redirect(std::span<const HTTPRouteFilter> filters, std::string_view matched_prefix,
                   std::uint16_t listener_port, Arena& arena, const Request& request,
                   Response& response);

// A stable number for the split key, or 0 where the request lacks it. Source of the hash: xxh3.
std::uint64_t split_hash(const SplitKey& key, std::string_view client_address,
                         const Request& request);

}  // namespace skiff
