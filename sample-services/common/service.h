#pragma once

#include <functional>
#include <string>

#include "sample-services/common/client.h"
#include "sample-services/common/router.h"
#include "sample-services/common/server.h"

namespace skiff::shop {

// What the command line of a service says.
struct ServiceOptions {
  ServerConfig server;
  std::string database = ":memory:";  // A file, or `:memory:`.
  std::string mesh;                   // Only for services that call others.
};

// What a service is beside its options: its name (`order`), whether it calls others, and what it
// does. `setup` opens the database and adds the handlers; what it returns is called when the
// service is asked to stop, and lives as long as the service.
struct ServiceDefinition {
  std::string name;
  bool calls_others = false;
  std::function<std::function<void()>(asio::io_context&, Router&, const ServiceOptions&)> setup;
};

// The main function of a service: reads the options, serves, says `listening on ADDRESS:PORT` on
// stdout, and ends with 0 after SIGTERM or SIGINT once what is under way is answered (a second
// signal ends it at once). 1 with a sentence on stderr where it could not start.
int run_service(const ServiceDefinition& service, int argc, char** argv);

}  // namespace skiff::shop
