#include "sample-services/common/service.h"

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <iostream>

namespace skiff::shop {

namespace {

std::string check_database(const std::string& text) {
  if (text.find("://") == std::string::npos) return {};
  return "is a URL, but this build stores in SQLite only: give a file name or :memory:";
}

std::string check_mesh(const std::string& text) {
  const auto endpoint = parse_mesh_address(text);
  return endpoint ? std::string() : endpoint.error();
}

void add_options(CLI::App& app, const ServiceDefinition& service, ServiceOptions& options) {
  app.add_option("--port", options.server.port, "Port to listen on; 0: the kernel chooses")
      ->capture_default_str();
  app.add_option("--address", options.server.address, "Address to listen on")
      ->check(CLI::ValidIPV4)
      ->capture_default_str();
  app.add_option("--database", options.database, "SQLite file, or :memory:")
      ->check(CLI::Validator(check_database, ""))
      ->capture_default_str();
  if (!service.calls_others) return;
  app.add_option("--mesh", options.mesh, "Where its sidecar listens: http://127.0.0.1:PORT")
      ->required()
      ->check(CLI::Validator(check_mesh, ""));
}

void add_health(Router& router, const std::string& name) {
  router.add(http::verb::get, "/health", [name](const Request&) {
    return Reply{http::status::ok, {{"status", "healthy"}, {"service", name + "-service"}}};
  });
}

int serve_until_signal(const ServiceDefinition& service, const ServiceOptions& options) {
  asio::io_context io(1);
  Router router;
  add_health(router, service.name);
  const std::unique_ptr<Service> running = service.start(io, router, options);
  const std::unique_ptr<Server> server = serve(io, router, options.server);

  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code&, int) {
    signals.clear();  // A second one has its default effect: the end.
    server->stop();
    running->stop();
  });
  std::cout << "listening on " << options.server.address << ':' << server->port() << "\n"
            << std::flush;
  io.run();
  return 0;
}

}  // namespace

int run_service(const ServiceDefinition& service, int argc, char** argv) {
  ServiceOptions options;
  CLI::App app("The " + service.name + " service of the shop.", "shop-" + service.name);
  add_options(app, service, options);
  try {
    app.parse(argc, argv);
    return serve_until_signal(service, options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  } catch (const std::exception& error) {
    std::cerr << "shop-" << service.name << ": " << error.what() << "\n";
    return 1;
  }
}

}  // namespace skiff::shop
