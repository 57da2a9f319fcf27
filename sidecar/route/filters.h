#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config/schema/http_route.h"
#include "sidecar/http/arena.h"
#include "sidecar/http/message.h"

namespace skiff {

// Changes a request as `filters` say (RequestHeaderModifier, URLRewrite). `matched_prefix` is what
// ReplacePrefixMatch replaces. New text goes to `arena`. Host is the authority; fields of framing
// and of the connection stay as they are, whatever a filter says.
void apply_request_filters(std::span<const HTTPRouteFilter> filters,
                           std::string_view matched_prefix, Arena& arena, Request& request);

// Changes an answer's headers (ResponseHeaderModifier).
void apply_response_filters(std::span<const HTTPRouteFilter> filters, Arena& arena,
                            Response& response);

// The answer of a RequestRedirect among `filters` (Location and status), or false where none is.
// `listener_port` is the port the request came to, 0: unknown. The answer has an empty body. A
// relative Location where neither the filter nor the request names a host.
bool make_redirect(std::span<const HTTPRouteFilter> filters, std::string_view matched_prefix,
                   std::uint16_t listener_port, Arena& arena, const Request& request,
                   Response& response);

}  // namespace skiff
