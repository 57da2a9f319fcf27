#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_map.h"
#include "config/schema/service.h"
#include "sidecar/route/policy_choice.h"
#include "sidecar/route/route_table.h"
#include "sidecar/route/tls_choice.h"

namespace skiff {

// The targets that services make: one for each port, with its endpoints and its policy.
// A service with `of` has the endpoints of that other service that carry all labels of `subset`,
// its ports where it names none itself, and its policy where none names the subset itself.
class TargetList final {
 public:
  using Index = std::uint32_t;

  // All outlive the list.
  TargetList(const std::vector<Service>& services, const PolicyChoice& policies,
             const TlsChoice& tls);

  // Says which of `all`, the list that `faults` chooses from, is for each target.
  void set_faults(const FaultChoice& faults, const std::vector<FaultPolicy>& all);

  // Adds what the targets' policies say to `fallbacks`.
  void add_fallbacks(std::vector<FallbackSpec>& fallbacks);

  // Steps of a policy of namespace `ns`, with the targets that they name.
  FallbackSpec fallback_of(std::string name, const FallbackConfig& steps, const std::string& ns);

  // The ports of a service with their targets, in the service's order; at least one.
  using Ports = std::vector<std::pair<std::uint16_t, Index>>;
  const Ports& ports(const Metadata& service) const;

  // Null: there is no such service.
  const Ports* find(std::string_view name, std::string_view ns) const;

  // The target of a backendRef; port 0: the first. What does not exist is a target without
  // endpoints, so that its share of a split fails and the rest goes on.
  Index target(std::string_view name, std::string_view ns, std::uint16_t port);

  // What holds for connections to `service` from others; nothing where it is not known.
  std::vector<InboundPort> inbound_ports(std::string_view name, std::string_view ns) const;

  const TargetSpec& operator[](Index index) const { return targets_[index]; }
  std::vector<TargetSpec> take() { return std::move(targets_); }

 private:
  void add(const Service& service);
  const Service& base_of(const Service& service) const;
  TrafficPolicy policy_of(const Service& service, const ServicePort& port) const;

  const std::vector<Service>& all_;
  const PolicyChoice& policies_;
  const TlsChoice& tls_;
  TextMap<const Service*> services_;  // By qualified name.
  TextMap<Ports> ports_;              // By qualified name.
  TextMap<Index> missing_;            // By the target's name.
  std::vector<TargetSpec> targets_;
};

}  // namespace skiff
