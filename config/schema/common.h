#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/units.h"

namespace skiff {

// Where in an operator's file something stands; line and column count from 1.
struct Position {
  std::string file;
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

// What a port speaks.
enum class Protocol { http, http2, grpc, tcp, tls };

}  // namespace skiff
