#pragma once

#include <functional>
#include <memory>
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

// What a running service holds: its storage, its client. It ends before its io_context and router.
class Service {
 public:
  virtual ~Service() = default;

  // What it does by itself, beside answering, ends soon after.
  virtual void stop() {}
};

// A service's name (`order`), whether it calls others, and what makes it: `start` opens the
// database and adds the handlers.
struct ServiceDefinition {
  std::string name;
  bool calls_others = false;
  std::function<std::unique_ptr<Service>(asio::io_context&, Router&, const ServiceOptions&)> start;
};

// The main function of a service: reads the options, serves, says `listening on ADDRESS:PORT` on
// stdout, and ends with 0 after SIGTERM or SIGINT once what is under way is answered (a second
// signal ends it at once). 1 with a sentence on stderr where it could not start.
int run_service(const ServiceDefinition& service, int argc, char** argv);

}  // namespace skiff::shop
