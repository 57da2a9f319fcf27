#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skiff {

// What is known of one instance of a target before it was ever called.
struct EndpointSpec {
  std::string address;  // `127.0.0.1:5003`, `[::1]:5003`; its identity within the target.
  std::uint32_t weight = 1;
  std::string zone;
};

// The same in an EndpointSpecs, which has the texts; so it is valid as long as that or a copy.
struct KnownEndpoint {
  std::string_view address;
  std::string_view zone;
  std::uint32_t weight = 1;

  bool operator==(const KnownEndpoint&) const = default;
};

// The instances of one target. Never changed once made, so that the plan and all workers share one
// copy: there may be tens of thousands. All their texts are one piece of memory.
class EndpointSpecs final {
 public:
  EndpointSpecs() = default;
  // Of those with one address the first counts.
  EndpointSpecs(const std::vector<EndpointSpec>& specs);

  const KnownEndpoint* begin() const { return known_ == nullptr ? nullptr : known_->all.data(); }
  const KnownEndpoint* end() const { return begin() + size(); }
  std::size_t size() const { return known_ == nullptr ? 0 : known_->all.size(); }
  bool empty() const { return size() == 0; }
  const KnownEndpoint& operator[](std::size_t index) const { return known_->all[index]; }

  bool operator==(const EndpointSpecs& other) const;  // The same instances in the same order.

 private:
  struct Known {
    std::string text;
    std::vector<KnownEndpoint> all;
  };

  std::shared_ptr<const Known> known_;
};

}  // namespace skiff
