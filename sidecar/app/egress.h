#pragma once

#include <memory>
#include <string_view>

#include "base/text_map.h"
#include "config/schema/sidecar.h"
#include "sidecar/app/direct_targets.h"
#include "sidecar/app/generation.h"
#include "sidecar/app/router.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// Where the application's captured requests and connections go that mean no service by its name or
// address: to the one endpoint of a service that has the address, called as that service is; else
// out to the address itself, or nowhere, as `capture.egress` says. The metrics name the addresses,
// within their limit of series.
class Egress final : public Forwarder {
 public:
  Egress(const TargetContext& context, Generations& generations, CaptureConfig::Egress rule,
         RouterCounting counting);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  RequestCells& cells(std::string_view destination, const char* route);

  DirectTargets targets_;
  Generations& generations_;
  const CaptureConfig::Egress rule_;
  const RouterCounting counting_;
  TextMap<std::shared_ptr<RequestCells>> cells_;  // By destination.
};

}  // namespace skiff
