#include "sidecar/app/speaks.h"

namespace skiff {

Speaks declared(Protocol protocol) {
  switch (protocol) {
    case Protocol::http:
      return Speaks::http1;
    case Protocol::http2:
    case Protocol::grpc:
      return Speaks::http2;
    default:
      return Speaks::bytes;
  }
}

const char* alpn_of(Speaks speaks) {
  switch (speaks) {
    case Speaks::http1:
      return "http/1.1";
    case Speaks::http2:
      return "h2";
    case Speaks::bytes:
      break;
  }
  return "skiff-bytes";
}

}  // namespace skiff
