#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace skiff {

// What is known of one instance of a target before it was ever called.
struct EndpointSpec {
  std::string address;  // `127.0.0.1:5003`, `[::1]:5003`; its identity within the target.
  std::uint32_t weight = 1;
  std::string zone;

  bool operator==(const EndpointSpec&) const = default;
};

// The instances of one target. Never changed once made, so that the plan and all workers share one
// copy: there may be tens of thousands.
class EndpointSpecs final {
 public:
  EndpointSpecs() = default;
  EndpointSpecs(std::vector<EndpointSpec> specs);  // Of those with one address the first counts.

  const EndpointSpec* begin() const { return specs_ == nullptr ? nullptr : specs_->data(); }
  const EndpointSpec* end() const { return begin() + size(); }
  std::size_t size() const { return specs_ == nullptr ? 0 : specs_->size(); }
  bool empty() const { return size() == 0; }
  const EndpointSpec& operator[](std::size_t index) const { return (*specs_)[index]; }

  bool operator==(const EndpointSpecs& other) const;  // The same instances in the same order.

 private:
  std::shared_ptr<const std::vector<EndpointSpec>> specs_;
};

}  // namespace skiff
