#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace skiff {

// What is known of one instance of a target before it was ever called.
struct EndpointSpec {
  std::string address;  // `127.0.0.1:5003`, `[::1]:5003`; its identity within the target.
  std::uint32_t weight = 1;
  std::string zone;
  std::map<std::string, std::string> labels;

  bool operator==(const EndpointSpec&) const = default;
};

}  // namespace skiff
