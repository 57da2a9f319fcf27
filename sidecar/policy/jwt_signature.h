#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "config/schema/jwt_policy.h"

namespace skiff {

// SHA-256 of a token: nobody can find another with the same.
using TokenHash = std::array<unsigned char, 32>;

// Needs no memory.
TokenHash hash_of_token(std::string_view token);

// Whether `signature` is that of `text` by the key, whose type fits the algorithm (jwk_set.h) and
// which is of tls_library() (transport/tls_library.h). Leaves no error in OpenSSL's queue.
bool holds_signature(JwtAlgorithm algorithm, EVP_PKEY& key, std::string_view text,
                     std::string_view signature);

}  // namespace skiff
