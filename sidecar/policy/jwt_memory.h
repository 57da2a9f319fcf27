#pragma once

#include <cstdint>
#include <cstring>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sidecar/policy/jwt_signature.h"
#include "sidecar/policy/jwt_token.h"

namespace skiff {

// What is kept of a claim, or of an item of one.
struct RememberedClaim {
  std::uint32_t name = 0;  // Index.
  ClaimPiece piece{};
};

// What is kept of a token whose signature was checked.
struct RememberedToken {
  std::uint32_t provider = 0;  // Index.
  const JwtProblem* problem =
      nullptr;  // A constant: why it is never good. Null: in its time it is.
  WallSeconds not_before{};
  WallSeconds expires{};
  std::vector<RememberedClaim> claims{};  // Empty where there is a problem.
};

// Tokens that need not be verified again, by their hash; at most `most`, of which the least
// recently used goes. Needs memory for a new token only. One worker's.
class JwtMemory final {
 public:
  explicit JwtMemory(std::size_t most) : most_(most) {}

  // Null: it is not remembered. Else it lives until the next call that adds or forgets, and is the
  // most recently used.
  const RememberedToken* find(const TokenHash& hash);
  void add(const TokenHash& hash, RememberedToken token);
  void forget(const TokenHash& hash);
  // From now on.
  void limit(std::size_t most);
  std::size_t size() const { return found_.size(); }

 private:
  using Entry = std::pair<TokenHash, RememberedToken>;
  struct FirstBytes {
    std::size_t operator()(const TokenHash& hash) const {
      std::size_t number = 0;
      std::memcpy(&number, hash.data(), sizeof number);
      return number;
    }
  };

  void lose_last();

  std::size_t most_;
  std::list<Entry> entries_;  // The most recently used first.
  std::unordered_map<TokenHash, std::list<Entry>::iterator, FirstBytes> found_;
};

}  // namespace skiff
