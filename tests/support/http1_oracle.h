#pragma once

#include <string>
#include <string_view>

namespace skiff {

// Reads a message with our codec and with Boost.Beast's parser, and says how they differ: empty
// where they read the same, and where only Beast accepts (it is laxer by intent). What we accept
// and Beast does not is a difference, but for one empty line before a request, which RFC 9112, 2.2,
// asks for, a status line that ends with the status, and trailers that we drop.
std::string difference_to_beast_request(std::string_view bytes);
std::string difference_to_beast_response(std::string_view bytes, std::string_view asked = {});

}  // namespace skiff
