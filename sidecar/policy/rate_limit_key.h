#pragma once

#include <string_view>

#include "config/schema/rate_limit_policy.h"
#include "sidecar/http/exchange.h"

namespace skiff {

// Which requests a limit counts, and which bucket each takes from. Bytes (Version::bytes) have no
// method, path and headers: what asks for one does not match, and as a part of a key it is missing.
// A claim is told apart by its issuer too: each issuer gives names as it likes.
// Immutable; any thread may ask it.
class RateLimitKey final {
 public:
  RateLimitKey(const RateLimitMatchConfig& match, const std::vector<RateLimitKeyConfig>& key);

  bool matches(const Exchange& exchange) const { return matches_all_ || matches_some(exchange); }

  // Whether there is one bucket for all, without keys.
  bool is_one() const { return parts_.empty(); }

  // The key of the request's bucket, in its arena: two that differ in any part differ. What is
  // missing is like nothing that is there.
  std::string_view of(Exchange& exchange) const;

 private:
  struct Part {
    RateLimitKeyConfig::Type type;
    std::string name;  // Of the header, in lower case; of the claim.
    FieldId id;
    std::uint32_t segment;
  };
  struct Header {
    std::string name;  // In lower case.
    FieldId id;
    std::string value;
  };

  bool matches_some(const Exchange& exchange) const;
  template <typename Take>
  void visit(const Part& part, const Exchange& exchange, Take&& take) const;

  const std::string path_prefix_;
  const std::vector<std::string> methods_;
  std::vector<Header> headers_;
  std::vector<Part> parts_;
  const bool matches_all_;
};

}  // namespace skiff
