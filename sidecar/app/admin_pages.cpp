#include "sidecar/app/admin_pages.h"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <utility>

#include "base/admin_log_level.h"
#include "base/log.h"
#include "config/schema/tree.h"
#include "sidecar/app/breaker_pages.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr auto worker_answers_within = 1s;

Tree number(auto value) { return Tree::word(fmt::format("{}", value)); }

Tree texts(const std::vector<std::string>& values) {
  Tree list{.kind = Tree::Kind::list};
  for (const std::string& value : values) list.items.push_back(Tree::in_quotes(value));
  return list;
}

Tree rule_tree(const RouteRule& rule, const RoutePlan& plan) {
  Tree tree;
  tree.add("name", rule.name);
  Tree& backends = tree.add("backends", Tree{.kind = Tree::Kind::list});
  for (const RouteBackend& backend : rule.backends) {
    Tree& item = backends.items.emplace_back();
    item.add("target", plan.targets[backend.target].name);
    item.add("weight", number(backend.weight));
  }
  return tree;
}

// What one worker knows of its endpoints; in the worker's thread.
Tree worker_endpoints(Worker& worker, unsigned index) {
  Tree list{.kind = Tree::Kind::list};
  for (const auto& [name, target] : worker.generations().targets()) {
    for (const auto& endpoint : target->endpoints().endpoints()) {
      Tree& item = list.items.emplace_back();
      item.add("worker", number(index));
      item.add("target", name);
      item.add("address", endpoint->spec->address);
      item.add("healthy", Tree::word(endpoint->healthy ? "true" : "false"));
      item.add("ejected", Tree::word(endpoint->ejected ? "true" : "false"));
      item.add("weight", number(endpoint->weight));
      item.add("inFlight", number(endpoint->in_flight));
      item.add("latencyMs", Tree::word(fmt::format("{:.3f}", endpoint->cost_ns / 1e6)));
    }
  }
  return list;
}

}  // namespace

AdminPages::AdminPages(const AdminContext& context) : context_(context) {
  table_.add_page("/live", "200 while the process runs.",
                  [](const AdminRequest&) { return admin_text("live\n"); });
  table_.add_page("/ready", "200 while it takes new requests, else 503.",
                  [this](const AdminRequest&) { return ready(); });
  table_.add_page("/metrics", "Everything that is counted, for Prometheus.",
                  [this](const AdminRequest&) {
                    return AdminAnswer{.body = metrics_text(context_.metrics),
                                       .content_type = std::string(metrics_content_type)};
                  });
  table_.add_page("/config", "The policies in force, and why the last change was refused.",
                  [this](const AdminRequest&) { return config(); });
  table_.add_page("/routes", "The rules in force and their targets.",
                  [this](const AdminRequest&) { return routes(); });
  table_.add_page("/endpoints", "Each target's endpoints as the workers see them.",
                  [this](const AdminRequest&) { return endpoints(); });
  table_.add_page("/certs", "This sidecar's certificate, and whom it trusts.",
                  [this](const AdminRequest&) { return certificates(); });
  table_.add_change("/drain", "Ends the sidecar as SIGTERM does.",
                    [this](const AdminRequest&) { return drain(); });
  add_breakers(table_, context_.states, context_.clock);
  add_log_level(table_);
}

bool AdminPages::open() {
  auto opened = make_admin_server(
      context_.io, {.address = context_.config.admin.address, .port = context_.config.admin.port},
      table_);
  if (!opened) {
    log::error(Component::admin, "{}", opened.error());
    return false;
  }
  server_ = std::move(*opened);
  log::info(Component::admin, "admin {}:{}", context_.config.admin.address, server_->port());
  return true;
}

AdminAnswer AdminPages::ready() const {
  if (context_.shutdown.begun()) return admin_text("draining\n", 503);
  if (!is_ready_) return admin_text("starting\n", 503);
  return admin_text("ready\n");
}

AdminAnswer AdminPages::config() const {
  std::string text = fmt::format("# generation {}, {} changes refused\n",
                                 context_.policies.number(), context_.policies.refused());
  for (const Violation& violation : context_.policies.violations()) {
    text += fmt::format("# refused: {}\n", to_text(violation));
  }
  AdminAnswer answer = admin_text(text + context_.policies.text());
  answer.content_type = "application/yaml";
  return answer;
}

AdminAnswer AdminPages::routes() const {
  const RoutePlan& plan = *context_.policies.plan();
  Tree tree;
  tree.add("generation", number(context_.policies.number()));
  Tree& rules = tree.add("rules", Tree{.kind = Tree::Kind::list});
  for (const auto& rule : plan.rules) rules.items.push_back(rule_tree(*rule, plan));
  std::vector<std::string> names;
  for (const TargetSpec& target : plan.targets) names.push_back(target.name);
  tree.add("targets", texts(names));
  return admin_json(to_json(tree));
}

AdminAnswer AdminPages::endpoints() const {
  Tree tree;
  Tree& all = tree.add("endpoints", Tree{.kind = Tree::Kind::list});
  for (unsigned i = 0; i < context_.workers.size(); ++i) {
    auto promise = std::make_shared<std::promise<Tree>>();
    auto answer = promise->get_future();
    context_.workers[i]->post(
        [promise, i](Worker& worker) { promise->set_value(worker_endpoints(worker, i)); });
    if (answer.wait_for(worker_answers_within) != std::future_status::ready) {
      return admin_text(fmt::format("worker {} does not answer\n", i), 503);
    }
    Tree list = answer.get();
    for (Tree& item : list.items) all.items.push_back(std::move(item));
  }
  return admin_json(to_json(tree));
}

AdminAnswer AdminPages::certificates() const {
  Tree tree;
  if (context_.credentials == nullptr) return admin_json("{}");
  const Credentials& credentials = *context_.credentials;
  const LeafInfo& leaf = credentials.leaf();
  tree.add("identity", leaf.identity);
  tree.add("serial", leaf.serial);
  tree.add("notBefore", number(leaf.not_before));
  tree.add("notAfter", number(leaf.not_after));
  tree.add("trustDomains", texts(credentials.trust_domains()));
  tree.add("refused", credentials.error());
  return admin_json(to_json(tree));
}

AdminAnswer AdminPages::drain() {
  if (!context_.shutdown.begun()) context_.shutdown.begin();
  return admin_text("draining\n", 202);
}

}  // namespace skiff
