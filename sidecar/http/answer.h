#pragma once

#include <string_view>

#include "sidecar/http/arena.h"
#include "sidecar/http/error.h"
#include "sidecar/http/message.h"

namespace skiff {

// The one place that turns a failure into an HTTP answer: its head in `response`, its body
// returned. The reason word stands in `x-skiff-reason` and in the body, which is JSON; the rule
// that refused, where the error names one, in `x-skiff-policy`; what Error::answer says wins.
// A caller of gRPC gets it as that protocol tells failures: trailers alone, without a body.
std::string_view answer_for(const Error& error, const Request& request, Arena& arena,
                            Response& response);

// The standard phrase of a status; empty for one that has none.
std::string_view phrase_of(std::uint16_t status);

}  // namespace skiff
