#include "sidecar/app/worker.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "sidecar/app/arrivals.h"
#include "sidecar/codec/server_connection.h"
#include "sidecar/listener/original_destination.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr Duration tidy_every = 5s;
// Ports without a listener that captured connections of others may be under way to at once.
constexpr std::size_t most_implied = 64;

std::uint64_t seed_of(unsigned index) {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
         (static_cast<std::uint64_t>(::getpid()) << 32) ^ index;
}

Http2Limits http2_limits(const Http2LimitsConfig& limits) {
  return {.concurrent_streams = limits.concurrent_streams,
          .stream_window = static_cast<std::uint32_t>(limits.stream_window.count),
          .connection_window = static_cast<std::uint32_t>(limits.connection_window.count),
          .glitch_burst = limits.glitch_burst,
          .glitches_per_second = limits.glitches_per_second,
          .write_buffer = static_cast<std::uint32_t>(limits.write_buffer.count)};
}

Http2ClientSettings client_settings(const SidecarConfig& config) {
  return {.limits = {},
          .http2 = http2_limits(config.limits.http2),
          .connection_age = config.timeouts.connection_age};
}

ServerSettings server_settings(const SidecarConfig& config) {
  const LimitsConfig& limits = config.limits;
  return {
      .limits = {.header_bytes = limits.header_bytes.count,
                 .line_bytes = limits.line_bytes.count,
                 .header_count = limits.header_count,
                 .drop_underscored = limits.underscored_headers == LimitsConfig::Underscored::drop},
      .http2 = http2_limits(limits.http2),
      .body_bytes = limits.body_bytes.count,
      .requests_per_connection = limits.requests_per_connection,
      .request_headers = config.timeouts.request_headers,
      .connection_idle = config.timeouts.connection_idle,
      .stream_idle = config.timeouts.stream_idle,
      .half_closed = config.timeouts.half_closed,
      .connection_age = config.timeouts.connection_age};
}

Direction direction_of(ListenerPlan::Kind kind) {
  switch (kind) {
    case ListenerPlan::Kind::inbound:
      return Direction::inbound;
    case ListenerPlan::Kind::outbound:
      return Direction::outbound;
    case ListenerPlan::Kind::gateway:
      break;
  }
  return Direction::gateway;
}

// Whether a connection that was meant for this port would come back to us.
bool is_own_port(std::uint16_t port, const SidecarConfig& config) {
  const CaptureConfig& capture = *config.capture;
  return port == capture.inbound_port || port == capture.outbound_port || port == config.admin.port;
}

PoolCounters counters_of(CounterSet& counters) {
  return {counters[CounterId::backend_connections_opened],
          counters[CounterId::backend_connections_failed],
          counters[CounterId::backend_connections_closed],
          counters[CounterId::backend_connections_open],
          counters[CounterId::idle_races],
          counters[CounterId::pool_waits],
          counters[CounterId::pool_waiting]};
}

}  // namespace

// A listener with its stack and its clients.
struct Worker::OpenListener final : ClientConnections::Watcher, Arrivals::Owner {
  // `parent`: whose connections these count as, too; null: none.
  OpenListener(Worker& worker, const ListenerPlan& listener_plan,
               const ServerSettings& server_settings, OpenListener* parent = nullptr)
      : plan(listener_plan),
        metrics(worker.metrics_),
        observing(observe_settings(worker.stacks_, direction_of(listener_plan.kind))),
        stack(worker.make_stack(listener_plan)),
        settings(server_settings),
        open(parent == nullptr ? own_open : parent->open),
        connections(worker.loop_, *this),
        context{worker.loop_, worker.exchanges_, settings, connections, stack->entry()},
        arrivals({worker.loop_, worker.identity_, worker.config_.timeouts, worker.metrics_,
                  worker.generations_, plan.name},
                 *this) {}

  void arrived(Arrived one) override {
    switch (one.speaks) {
      case Speaks::http1:
        return connections.add(
            make_http1_server(context, std::move(one.transport), std::move(one.peer)));
      case Speaks::http2:
        return connections.add(
            make_http2_server(context, std::move(one.transport), std::move(one.peer)));
      case Speaks::bytes:
        return connections.add(make_tcp_server(context, std::move(one.transport),
                                               std::move(one.peer), std::move(one.server_name)));
    }
  }

  void opened() override {
    open.add();
    metrics.counters[CounterId::client_connections_accepted].add();
    metrics.counters[CounterId::client_connections_open].add();
  }
  void closed() override {
    open.subtract();
    metrics.counters[CounterId::client_connections_open].subtract();
  }
  void refused(const Exchange& exchange, ErrorKind reason) override {
    observe_refused(observing, exchange, {.kind = reason});
  }

  const ListenerPlan plan;
  WorkerMetrics& metrics;
  const ObserveSettings observing;  // What never comes to the stack.
  const std::unique_ptr<Stack> stack;
  const ServerSettings settings;
  Counter own_open;
  Counter& open;  // Its connections, and those of the implied ones.
  ClientConnections connections;
  const ServerContext context;
  Arrivals arrivals;
  std::unique_ptr<Listener> listener;  // Null of an implied one.
  // By where captured connections meant to go, and what that is; see implied_for().
  std::unordered_map<std::string, std::unique_ptr<OpenListener>> implied;

  std::size_t waiting() const {
    std::size_t sum = arrivals.size();
    for (const auto& [meant, each] : implied) sum += each->arrivals.size();
    return sum;
  }
  bool unused() const { return connections.size() == 0 && arrivals.size() == 0; }
  void drain() {
    if (listener != nullptr) listener->stop();
    connections.drain();
    for (const auto& [meant, each] : implied) each->drain();
  }
  void cut() {
    arrivals.cut();
    connections.cut();
    for (const auto& [meant, each] : implied) each->cut();
  }
};

Worker::Worker(const SidecarConfig& config, unsigned index, WorkerMetrics& metrics,
               AccessLog* access_log, PolicyStates& states)
    : config_(config),
      metrics_(metrics),
      loop_(seed_of(index)),
      pool_counters_(counters_of(metrics.counters)),
      client_settings_(client_settings(config)),
      connecting_{loop_, client_settings_, identity_, metrics.handshakes},
      pauses_(loop_),
      waits_(loop_),
      ways_(connecting_, pool_counters_, waits_),
      targets_{loop_, ways_, identity_, pauses_, waits_, states, config.zone},
      limits_(loop_, pauses_, states.limits(), metrics.named),
      generations_(targets_, limits_),
      own_calls_(loop_, exchanges_),
      mirrors_(own_calls_),
      stacks_{loop_, generations_, mirrors_, targets_, metrics, access_log, config, identity_} {
  loop_.arm(*this, loop_.now() + tidy_every);
}

Worker::~Worker() {
  stop();
  listeners_.clear();
}

std::unique_ptr<Stack> Worker::make_stack(const ListenerPlan& plan) {
  switch (plan.kind) {
    case ListenerPlan::Kind::inbound:
      return make_inbound_stack(stacks_, inbound_of(plan));
    case ListenerPlan::Kind::outbound:
      if (plan.captured) return make_captured_stack(stacks_);
      return make_outbound_stack(stacks_, config_.outbound[plan.index]);
    case ListenerPlan::Kind::gateway:
      break;
  }
  return make_gateway_stack(stacks_, config_.gateway[plan.index], plan.address.port());
}

void Worker::add_listener(const ListenerPlan& plan, int fd) {
  OpenListener& open = *listeners_.emplace_back(
      std::make_unique<OpenListener>(*this, plan, server_settings(config_)));
  open.listener = std::make_unique<Listener>(
      loop_, fd,
      [this, &open](int client, const SocketAddress& peer) { accepted(open, client, peer); });
}

bool Worker::is_full() const {
  const std::size_t most = std::max<std::size_t>(config_.limits.connections / config_.workers, 1);
  std::size_t held = metrics_.counters[CounterId::client_connections_open].get();
  for (const auto& each : listeners_) held += each->waiting();
  return held >= most;
}

void Worker::accepted(OpenListener& listener, int fd, const SocketAddress& from) {
  if (is_full()) {
    ::close(fd);
    return metrics_.counters[CounterId::client_connections_refused].add();
  }
  if (listener.plan.captured) return accepted_captured(listener, fd, from);
  take(listener, fd, host_text(from), rules_of(listener.plan));
}

void Worker::take(OpenListener& listener, int fd, Peer peer, ArrivalRules rules) {
  TransportPtr transport = make_tcp_transport(loop_, fd);
  if (rules.known()) {
    return listener.arrived({std::move(transport), std::move(peer), declared(rules.protocol), {}});
  }
  rules.session_scope = listener.plan.name;
  listener.arrivals.add(std::move(transport), std::move(peer), std::move(rules));
}

// ---- Captured connections

void Worker::accepted_captured(OpenListener& listener, int fd, const SocketAddress& from) {
  const auto meant = original_destination(fd);
  const bool is_inbound = listener.plan.kind == ListenerPlan::Kind::inbound;
  OpenListener* to = nullptr;
  if (meant.has_value() && !is_own_port(meant->port(), config_)) {
    to = is_inbound ? inbound_for(listener, *meant) : &listener;
  }
  if (to == nullptr) {  // It would come back to us, or nobody knows where it should go.
    make_tcp_transport(loop_, fd)->reset();
    return metrics_.counters[CounterId::captured_connections_refused].add();
  }
  ArrivalRules rules = rules_of(to->plan);
  rules.port = meant->port();
  take(*to, fd, {host_text(from), is_inbound ? std::string() : address_text(*meant)},
       std::move(rules));
}

Worker::OpenListener* Worker::inbound_for(OpenListener& captured, const SocketAddress& meant) {
  for (const auto& each : listeners_) {
    if (each->plan.kind != ListenerPlan::Kind::inbound || each->plan.captured) continue;
    const auto application = parse_address(config_.inbound[each->plan.index].application);
    if (application.has_value() && application->port() == meant.port()) return each.get();
  }
  return implied_for(captured, meant);
}

// To the very address, so that what listens on loopback alone stays out of reach. Where the service
// changes what it says of the port there is another for it, and the one before ends unused.
Worker::OpenListener* Worker::implied_for(OpenListener& captured, const SocketAddress& meant) {
  const InboundPlan& known = generations_.current()->plan->inbound;
  const InboundPort* const port = known.find_by_endpoint(meant.port());
  InboundListener listener;
  listener.application = address_text(meant);
  listener.service_port = port == nullptr ? meant.port() : port->port;
  listener.protocol = port == nullptr ? Protocol::detect : port->protocol;
  std::string key = fmt::format("{} {} {}", listener.application, listener.service_port,
                                static_cast<int>(listener.protocol));
  auto& implied = captured.implied;
  const auto found = implied.find(key);
  if (found != implied.end()) return found->second.get();
  if (implied.size() >= most_implied) {
    std::erase_if(implied, [](const auto& entry) { return entry.second->unused(); });
    if (implied.size() >= most_implied) return nullptr;
  }
  ListenerPlan plan{.kind = ListenerPlan::Kind::inbound, .address = meant};
  plan.name = "captured " + listener.application;
  plan.protocol = listener.protocol;
  plan.implied = std::move(listener);
  auto made = std::make_unique<OpenListener>(*this, plan, server_settings(config_), &captured);
  return implied.emplace(std::move(key), std::move(made)).first->second.get();
}

// ---- What holds for a listener

const InboundListener& Worker::inbound_of(const ListenerPlan& plan) const {
  return plan.implied.has_value() ? *plan.implied : config_.inbound[plan.index];
}

ArrivalRules Worker::rules_of(const ListenerPlan& plan) {
  return {.protocol = plan.protocol,
          .only_messages = plan.only_messages,
          .tls = tls_mode(plan),
          .port = plan.address.port(),
          .session_scope = {}};
}

// What the listener says; else MeshTLS; else whatever an identity makes possible.
TlsMode Worker::tls_mode(const ListenerPlan& plan) {
  if (plan.kind != ListenerPlan::Kind::inbound) return TlsMode::disabled;
  const InboundListener& listener = inbound_of(plan);
  if (listener.tls.has_value()) return *listener.tls;
  const InboundPort* const port = generations_.current()->plan->inbound.find(listener.service_port);
  const TlsMode mode = port == nullptr ? TlsMode::permissive : port->tls;
  const bool can = identity_.tls != nullptr;
  return mode == TlsMode::permissive && !can ? TlsMode::disabled : mode;
}

void Worker::start() {
  thread_ = std::thread([this] {
    const auto work = boost::asio::make_work_guard(loop_.io());
    loop_.io().run();
  });
}

void Worker::stop() {
  loop_.io().stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void(Worker&)> work) {
  boost::asio::post(loop_.io(), [this, work = std::move(work)] {
    const Loop::Event event(loop_);
    loop_.refresh_now();
    work(*this);
  });
}

void Worker::set_identity(const TlsMaterial& material, const LeafInfo& leaf) {
  const auto take = [material, leaf](Worker& worker) {
    worker.identity_ = {make_tls_context(worker.loop_, material), leaf.identity, leaf.trust_domain};
  };
  thread_.joinable() ? post(take) : take(*this);
}

void Worker::apply(const SharedPlans& plans) {
  if (!thread_.joinable()) return generations_.apply(plans);
  post([plans](Worker& worker) { worker.generations_.apply(plans); });
}

void Worker::set_healthy(const std::string& target, const std::string& address, bool healthy) {
  post([=](Worker& worker) { worker.generations_.set_healthy(target, address, healthy); });
}

void Worker::probe(const std::string& target, const std::string& address,
                   const ProbeRequest& request, OwnCalls::Done done) {
  post([=](Worker& worker) {
    const auto& targets = worker.generations_.targets();
    const auto found = targets.find(target);
    Forwarder* const way =
        found == targets.end() ? nullptr : found->second->way_for_probes(address);
    if (way == nullptr) return done(0);
    send_probe(worker.own_calls_, *way, request, done);
  });
}

void Worker::drain(ListenerPlan::Kind kind) {
  post([kind](Worker& worker) {
    for (const auto& listener : worker.listeners_) {
      if (listener->plan.kind == kind) listener->drain();
    }
  });
}

void Worker::cut() {
  post([](Worker& worker) {
    for (const auto& listener : worker.listeners_) listener->cut();
  });
}

std::size_t Worker::connections(ListenerPlan::Kind kind) const {
  std::size_t sum = 0;
  for (const auto& listener : listeners_) {
    if (listener->plan.kind == kind) sum += listener->open.get();
  }
  return sum;
}

void Worker::expired(TimePoint now) {
  generations_.tidy();
  loop_.arm(*this, now + tidy_every);
}

}  // namespace skiff
