#include "sidecar/app/worker.h"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "sidecar/app/arrivals.h"
#include "sidecar/codec/server_connection.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr Duration tidy_every = 5s;

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
  OpenListener(Worker& worker, const ListenerPlan& listener_plan,
               const ServerSettings& server_settings)
      : plan(listener_plan),
        metrics(worker.metrics_),
        observing(observe_settings(worker.stacks_, direction_of(listener_plan.kind))),
        stack(worker.make_stack(listener_plan)),
        settings(server_settings),
        connections(worker.loop_, *this),
        context{worker.loop_, worker.exchanges_, settings, connections, stack->entry()},
        arrivals(
            {worker.loop_, worker.identity_, worker.config_.timeouts, worker.metrics_, plan.name},
            *this) {}

  void arrived(Arrived one) override {
    switch (one.speaks) {
      case Arrived::Speaks::http1:
        return connections.add(
            make_http1_server(context, std::move(one.transport), std::move(one.peer)));
      case Arrived::Speaks::http2:
        return connections.add(
            make_http2_server(context, std::move(one.transport), std::move(one.peer)));
      case Arrived::Speaks::bytes:
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
  Counter open;  // Its connections.
  ClientConnections connections;
  const ServerContext context;
  Arrivals arrivals;
  std::unique_ptr<Listener> listener;
};

Worker::Worker(const SidecarConfig& config, unsigned index, WorkerMetrics& metrics,
               AccessLog* access_log)
    : config_(config),
      metrics_(metrics),
      loop_(seed_of(index)),
      pool_counters_(counters_of(metrics.counters)),
      connecting_{loop_, client_settings_, identity_, metrics.counters},
      targets_{loop_, pool_counters_, connecting_, config.zone},
      generations_(targets_),
      probes_(loop_, exchanges_),
      stacks_{loop_, generations_, targets_, metrics, access_log, config, identity_} {
  loop_.arm(*this, loop_.now() + tidy_every);
}

Worker::~Worker() {
  stop();
  listeners_.clear();
}

std::unique_ptr<Stack> Worker::make_stack(const ListenerPlan& plan) {
  switch (plan.kind) {
    case ListenerPlan::Kind::inbound:
      return make_inbound_stack(stacks_, config_.inbound[plan.index]);
    case ListenerPlan::Kind::outbound:
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

void Worker::accepted(OpenListener& listener, int fd, const SocketAddress& peer) {
  const std::size_t most = std::max<std::size_t>(config_.limits.connections / config_.workers, 1);
  std::size_t held = metrics_.counters[CounterId::client_connections_open].get();
  for (const auto& each : listeners_) held += each->arrivals.size();
  if (held >= most) {
    ::close(fd);
    return metrics_.counters[CounterId::client_connections_refused].add();
  }
  ArrivalRules rules{.protocol = listener.plan.protocol,
                     .only_messages = listener.plan.only_messages,
                     .tls = tls_mode(listener.plan),
                     .port = listener.plan.address.port(),
                     .session_scope = {}};
  TransportPtr transport = make_tcp_transport(loop_, fd);
  if (rules.known()) {
    return listener.arrived({std::move(transport), host_text(peer), declared(rules.protocol), {}});
  }
  rules.session_scope = listener.plan.name;
  listener.arrivals.add(std::move(transport), host_text(peer), std::move(rules));
}

// What the listener says; else MeshTLS; else whatever an identity makes possible.
TlsMode Worker::tls_mode(const ListenerPlan& plan) {
  if (plan.kind != ListenerPlan::Kind::inbound) return TlsMode::disabled;
  const InboundListener& listener = config_.inbound[plan.index];
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

void Worker::apply(std::uint64_t number, std::shared_ptr<const RoutePlan> plan) {
  if (!thread_.joinable()) return generations_.apply(number, std::move(plan));
  post([number, plan = std::move(plan)](Worker& worker) {
    worker.generations_.apply(number, plan);
  });
}

void Worker::set_healthy(const std::string& target, const std::string& address, bool healthy) {
  post([=](Worker& worker) { worker.generations_.set_healthy(target, address, healthy); });
}

void Worker::probe(const std::string& target, const std::string& address,
                   const ProbeRequest& request, Probes::Done done) {
  post([=](Worker& worker) {
    const auto& targets = worker.generations_.targets();
    const auto found = targets.find(target);
    Forwarder* const way = found == targets.end() ? nullptr : found->second->way_to(address);
    if (way == nullptr) return done(0);
    worker.probes_.send(*way, request, done);
  });
}

void Worker::drain(ListenerPlan::Kind kind) {
  post([kind](Worker& worker) {
    for (const auto& listener : worker.listeners_) {
      if (listener->plan.kind != kind) continue;
      listener->listener->stop();
      listener->connections.drain();
    }
  });
}

void Worker::cut() {
  post([](Worker& worker) {
    for (const auto& listener : worker.listeners_) {
      listener->arrivals.cut();
      listener->connections.cut();
    }
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
