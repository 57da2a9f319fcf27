#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "config/schema/described.h"

namespace skiff {

// The name of a file. All positions in one file share it, since there are as many as endpoints.
class FileName final {
 public:
  FileName() = default;
  FileName(std::string name) : name_(std::make_shared<const std::string>(std::move(name))) {}
  FileName(const char* name) : FileName(std::string(name)) {}

  const std::string& text() const {
    static const std::string none;
    return name_ ? *name_ : none;
  }

 private:
  std::shared_ptr<const std::string> name_;
};

// Where in an operator's file something stands; line and column count from 1, columns in bytes.
struct Position {
  FileName file;
  int line = 0;
  int column = 0;
};

// What every resource begins with.
struct Metadata {
  std::string name;
  std::string ns = "default";  // `namespace` in YAML.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::string creation_timestamp;  // RFC 3339; breaks ties between routes: older wins.
};

// Gateway API's order of equals: the older first (one without a time is the youngest), then by
// `NAMESPACE/NAME`.
bool comes_before(const Metadata& a, const Metadata& b);

// `resources` in that order. They outlive the answer.
template <typename T>
std::vector<const T*> in_order(const std::vector<T>& resources) {
  std::vector<const T*> ordered;
  for (const T& each : resources) ordered.push_back(&each);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const T* a, const T* b) { return comes_before(a->metadata, b->metadata); });
  return ordered;
}

// Names another resource. An empty namespace is the namespace of the one that refers.
struct ObjectRef {
  std::string group;
  std::string kind;
  std::string name;
  std::string ns;            // `namespace` in YAML.
  std::string section_name;  // A listener of a Gateway, or a rule of a route.
  std::uint16_t port = 0;    // 0: the only port, or all ports.
  Position position;
};

// What a port speaks. `detect` (AUTO in YAML): of listeners only, which then look at the first
// bytes.
enum class Protocol { http, http2, grpc, tcp, tls, detect };

// Whether what it carries is messages, so that methods, paths and headers are known. Of `detect`
// nobody knows before the first bytes.
bool carries_messages(Protocol protocol);

// What a port expects of connections. `permissive`: mutual TLS and plain ones.
enum class TlsMode { disabled, permissive, strict };

Shape describe(Of<Metadata>);
Shape describe(Of<ObjectRef>);

// How other kinds of reference are described: those of a route's parents, of a policy's targets, of
// the targets of a policy that only services can have, those of rate limits, of faults and of who
// needs a token, which Gateways can have too, and of backends.
Shape describe_parent_ref();
Shape describe_target_ref();
Shape describe_service_target_ref();
Shape describe_limit_target_ref();
Shape describe_fault_target_ref();
Shape describe_token_target_ref();
Shape describe_backend_ref();

// The names of the enums in YAML, in their order. Only listeners may have the last Protocol, AUTO.
std::vector<std::string_view> protocol_names();
std::vector<std::string_view> listener_protocol_names();
std::vector<std::string_view> tls_mode_names();

}  // namespace skiff
