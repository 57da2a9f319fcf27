#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace skiff {

// What `skiff certs create` is asked for.
struct CertsOrder {
  std::string folder;
  std::string trust_domain;  // May be empty where the folder has an authority already.
  std::string authority = "skiff test authority";
  std::vector<std::string> services;  // `SERVICE` or `SERVICE.NAMESPACE`; the namespace `default`.
  std::chrono::milliseconds valid = std::chrono::hours(24);
  bool force = false;  // Overwrites leaves; an authority is never overwritten.
};

// Makes a test authority (`ca.pem`, `ca.key`) unless the folder has one, and of each service
// `SERVICE.NAMESPACE.pem` and `.key`. All or, as far as can be seen beforehand, nothing. Keys are
// readable by their owner only. `now` in seconds since 1970.
ExitCode create_certs(const CertsOrder& order, std::int64_t now, std::ostream& out,
                      std::ostream& err);

// `skiff certs show FILE…`: what each certificate says of itself, and whether it is valid now.
ExitCode show_certs(const std::vector<std::string>& files, std::int64_t now, std::ostream& out,
                    std::ostream& err);

}  // namespace skiff
