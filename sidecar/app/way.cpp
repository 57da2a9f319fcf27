#include "sidecar/app/way.h"

#include <utility>

namespace skiff {
namespace {

bool is_grpc(const Request& request) {
  const Field* const type = request.headers.find(FieldId::content_type);
  return type != nullptr && type->value().starts_with("application/grpc");
}

}  // namespace

Speaks WaySettings::spoken_for(const Request& request) const {
  if (request.version == Version::bytes) return Speaks::bytes;
  if (tls.secure || declared(protocol) == Speaks::http2) return Speaks::http2;
  return protocol == Protocol::detect && is_grpc(request) ? Speaks::http2 : Speaks::http1;
}

Way::Way(BulkheadWaits& waits, Forwarder& behind)
    : behind_(behind), limit_(waits, behind), watched_(nullptr, waits.loop(), limit_) {}

void Way::limit_by(std::shared_ptr<Bulkhead> bulkhead) {
  limit_.use(bulkhead.get());
  if (bulkhead != nullptr) bulkhead_ = std::move(bulkhead);
}

void Way::watch_by(std::shared_ptr<Admission> watch) {
  watched_.use(watch.get());
  if (watch != nullptr) watch_ = std::move(watch);
}

}  // namespace skiff
