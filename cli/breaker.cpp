#include "cli/breaker.h"

#include <CLI/CLI.hpp>
#include <string_view>

#include "cli/admin_client.h"

namespace skiff {
namespace {

ExitCode ask(const BreakerOrder& order, std::string_view method, std::string query,
             std::ostream& out, std::ostream& err) {
  if (!order.json) query += "as=table";
  const auto reply = ask_admin(order.admin, method, "/breakers?" + query);
  if (!reply) {
    err << "skiff: " << reply.error() << "\nIs a sidecar there? Try: skiff breaker --help\n";
    return ExitCode::failure;
  }
  if (reply->status == 200) {
    out << reply->body;
    return ExitCode::ok;
  }
  err << "skiff: " << reply->body;
  const bool is_ours = reply->status == 400 || reply->status == 404;
  return is_ours ? ExitCode::usage : ExitCode::failure;
}

}  // namespace

void describe_breaker(CLI::App& app, BreakerOrder& order,
                      const std::function<void(BreakerAction)>& run) {
  CLI::App* breaker = app.add_subcommand(
      "breaker", "Show the circuit breakers of a sidecar, or set one past its policy");
  breaker->require_subcommand(1);
  CLI::App* lists = breaker->add_subcommand("list", "Those in force: state, mode and numbers");
  lists->callback([run] { run(&list_breakers); });
  CLI::App* sets = breaker->add_subcommand(
      "set", "Such as: skiff breaker set product.shop FORCED_OPEN; it stays until it is set again");
  sets->add_option("TARGET", order.target, "As list names it")->required();
  sets->add_option("MODE", order.mode, "AUTOMATIC, FORCED_OPEN, METRICS_ONLY or DISABLED")
      ->required();
  sets->callback([run] { run(&set_breaker); });
  for (CLI::App* command : {lists, sets}) {
    command->add_option("--admin", order.admin, "The sidecar's admin.address and port")
        ->capture_default_str();
    command->add_flag("--json", order.json, "For programs");
  }
}

ExitCode list_breakers(const BreakerOrder& order, std::ostream& out, std::ostream& err) {
  return ask(order, "GET", "", out, err);
}

ExitCode set_breaker(const BreakerOrder& order, std::ostream& out, std::ostream& err) {
  return ask(order, "POST",
             "target=" + encoded(order.target) + "&mode=" + encoded(order.mode) + "&", out, err);
}

}  // namespace skiff
