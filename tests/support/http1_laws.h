#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tests/support/http1_message.h"

namespace skiff {

// What must hold for any bytes: cut at `cut` they are read as when they come whole; what is
// accepted and written anew means the same when it is read again; Boost.Beast reads the same in it.
// Empty, or what does not hold.
std::string broken_law_of_request(std::string_view bytes, std::size_t cut);
std::string broken_law_of_response(std::string_view bytes, std::string_view asked, std::size_t cut);

}  // namespace skiff
