#include "cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "base/certificate.h"
#include "base/suggest.h"
#include "base/units.h"
#include "cli/breaker.h"
#include "cli/certs.h"
#include "cli/simulate_command.h"
#include "cli/validate.h"
#include "config/schema/json_schema.h"
#include "config/schema/kinds.h"
#include "config/schema/manual.h"
#include "config/schema/scalars.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

constexpr const char* about =
    "Examples:\n"
    "  skiff validate config/examples              are these policies right?\n"
    "  skiff explain TrafficPolicy.timeouts        what may stand there?\n"
    "  skiff schema HTTPRoute > http_route.json    completion in your editor\n"
    "  skiff simulate config/examples/shop --kill product@10s+5s    would they hold?\n"
    "  skiff certs create certs --trust-domain shop.local order user.shop\n"
    "  skiff breaker list                          which targets are not called now?\n"
    "\n"
    "Skiff's command line: what a mesh is told, and what it says.\n"
    "Ends with 0 ok, 1 failure, 64 wrong usage, 65 bad input.";

ExitCode explain_to(const std::string& path, std::ostream& out, std::ostream& err) {
  const auto text = explain(path);
  if (!text) {
    err << to_text(text.error()) << '\n';
    return ExitCode::usage;
  }
  out << *text;
  return ExitCode::ok;
}

ExitCode list_kinds(std::ostream& out) {
  for (const Kind& kind : kinds()) out << kind.name << "  " << kind.shape().doc() << '\n';
  return ExitCode::ok;
}

ExitCode schema_to(const std::string& name, std::ostream& out, std::ostream& err) {
  const Kind* kind = find_kind(name);
  if (kind == nullptr) return explain_to(name, out, err);
  out << to_json(json_schema(*kind));
  return ExitCode::ok;
}

// What the arguments ask for. Refers to itself: neither copied nor moved.
class CommandLine final {
 public:
  CommandLine(std::ostream& out, std::ostream& err) : out_(out), err_(err) {
    app_.require_subcommand(1);
    app_.set_help_flag("-h,--help", "Show this and end");
    describe();
  }

  ExitCode run(const std::vector<std::string>& arguments) {
    if (const std::string meant = suggest_command(arguments); !meant.empty()) {
      err_ << "skiff: unknown command " << in_quotes(arguments.front()) << "; did you mean "
           << in_quotes(meant) << "?\n";
      return ExitCode::usage;
    }
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    try {
      app_.parse(reversed);
    } catch (const CLI::CallForHelp&) {
      out_ << app_.help();
      return ExitCode::ok;
    } catch (const CLI::ParseError& e) {
      err_ << "skiff: " << e.what() << "\nTry: skiff --help\n";
      return ExitCode::usage;
    }
    return result_;
  }

 private:
  void describe() {
    add("validate", "Check files and directories of policies, all together", paths_, "PATH")
        ->callback([this] { result_ = validate(paths_, out_, err_); });
    CLI::App* explains = app_.add_subcommand("explain", "Tell what a kind or a field is");
    explains->add_option("KIND[.FIELD...]", name_, "Such as HTTPRoute.spec.rules; none: all kinds");
    explains->callback(
        [this] { result_ = name_.empty() ? list_kinds(out_) : explain_to(name_, out_, err_); });
    add("schema", "Print the JSON Schema (draft 7) of a kind", name_, "KIND")->callback([this] {
      result_ = schema_to(name_, out_, err_);
    });
    app_.add_subcommand("reference", "Print the reference page of all kinds, in Markdown")
        ->callback([this] { out_ << reference_page(); });
    describe_certs();
    simulate_.describe(app_, [this](ExitCode result) { result_ = result; });
    describe_breaker(app_, breaker_, [this](auto ask) { result_ = ask(breaker_, out_, err_); });
    app_.add_subcommand("version", "Print the version")->callback([this] {
      out_ << "skiff " SKIFF_VERSION "\n";
    });
  }

  void describe_certs() {
    CLI::App* certs = app_.add_subcommand("certs", "Make certificates for a laptop; show any");
    certs->require_subcommand(1);
    CLI::App* create = certs->add_subcommand(
        "create", "Make a test authority in DIR, or take the one there, and leaves of it");
    create->add_option("DIR", certs_.folder, "")->required();
    create->add_option("SERVICE[.NAMESPACE]", certs_.services, "The namespace: else default");
    create->add_option("--trust-domain", certs_.trust_domain, "Such as shop.local");
    create->add_option("--authority", certs_.authority, "The name of a new authority");
    create->add_option("--valid", valid_, "How long a leaf is valid: 24h, unless said");
    create->add_flag("--force", certs_.force, "Overwrite leaves that exist");
    create->callback([this] { result_ = run_create(); });
    CLI::App* shows = certs->add_subcommand("show", "Tell whose certificates are in files");
    shows->add_option("FILE", paths_, "")->required();
    shows->callback([this] { result_ = show_certs(paths_, wall_seconds(), out_, err_); });
  }

  ExitCode run_create() {
    const auto valid = parse_duration(valid_);
    if (!valid) {
      err_ << "skiff: --valid: expected a duration, such as 24h or 90m\n";
      return ExitCode::usage;
    }
    certs_.valid = *valid;
    return create_certs(certs_, wall_seconds(), out_, err_);
  }

  template <typename Value>
  CLI::App* add(const char* name, const char* doc, Value& value, const char* argument) {
    CLI::App* command = app_.add_subcommand(name, doc);
    command->add_option(argument, value, "")->required();
    return command;
  }

  // The command that an unknown one was probably meant to be.
  std::string suggest_command(const std::vector<std::string>& arguments) const {
    if (arguments.empty() || arguments.front().starts_with('-')) return {};
    std::vector<std::string> names;
    for (const CLI::App* command : app_.get_subcommands({})) names.push_back(command->get_name());
    if (std::ranges::find(names, arguments.front()) != names.end()) return {};
    const std::vector<std::string_view> views(names.begin(), names.end());
    return std::string(nearest(arguments.front(), views));
  }

  std::ostream& out_;
  std::ostream& err_;
  CLI::App app_{about, "skiff"};
  std::vector<std::string> paths_;
  std::string name_;
  CertsOrder certs_;
  SimulateCommand simulate_{out_, err_};
  BreakerOrder breaker_;
  std::string valid_ = "24h";
  ExitCode result_ = ExitCode::ok;
};

}  // namespace

ExitCode run_cli(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  return CommandLine(out, err).run(arguments);
}

}  // namespace skiff
