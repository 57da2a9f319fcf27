#include "sidecar/app/worker.h"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "sidecar/codec/server_connection.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr Duration tidy_every = 5s;

std::uint64_t seed_of(unsigned index) {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
         (static_cast<std::uint64_t>(::getpid()) << 32) ^ index;
}

ServerSettings server_settings(const SidecarConfig& config) {
  const LimitsConfig& limits = config.limits;
  return {
      .limits = {.header_bytes = limits.header_bytes.count,
                 .line_bytes = limits.line_bytes.count,
                 .header_count = limits.header_count,
                 .drop_underscored = limits.underscored_headers == LimitsConfig::Underscored::drop},
      .http2 = {},
      .body_bytes = limits.body_bytes.count,
      .requests_per_connection = limits.requests_per_connection,
      .request_headers = config.timeouts.request_headers,
      .connection_idle = config.timeouts.connection_idle,
      .stream_idle = config.timeouts.stream_idle,
      .half_closed = config.timeouts.half_closed,
      .connection_age = {}};
}

Protocol protocol_of(const ListenerPlan& plan, const SidecarConfig& config) {
  switch (plan.kind) {
    case ListenerPlan::Kind::inbound:
      return config.inbound[plan.index].protocol;
    case ListenerPlan::Kind::outbound:
      return config.outbound[plan.index].protocol;
    case ListenerPlan::Kind::gateway:
      break;
  }
  return Protocol::http;
}

std::unique_ptr<ServerConnection> make_server(Protocol protocol, const ServerContext& context,
                                              TransportPtr transport, std::string peer) {
  switch (protocol) {
    case Protocol::http2:
    case Protocol::grpc:
      return make_http2_server(context, std::move(transport), std::move(peer));
    case Protocol::tcp:
    case Protocol::tls:
      return make_tcp_server(context, std::move(transport), std::move(peer), {});
    default:
      return make_http1_server(context, std::move(transport), std::move(peer));
  }
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
struct Worker::OpenListener final : ClientConnections::Watcher {
  OpenListener(Worker& worker, const ListenerPlan& plan, const ServerSettings& server_settings)
      : kind(plan.kind),
        protocol(protocol_of(plan, worker.config_)),
        metrics(worker.metrics_),
        observing(observe_settings(worker.stacks_, direction_of(plan.kind))),
        stack(worker.make_stack(plan)),
        settings(server_settings),
        connections(worker.loop_, *this),
        context{worker.loop_, worker.exchanges_, settings, connections, stack->entry()} {}

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

  const ListenerPlan::Kind kind;
  const Protocol protocol;
  WorkerMetrics& metrics;
  const ObserveSettings observing;  // What never comes to the stack.
  const std::unique_ptr<Stack> stack;
  const ServerSettings settings;
  Counter open;  // Its connections.
  ClientConnections connections;
  const ServerContext context;
  std::unique_ptr<Listener> listener;
};

Worker::Worker(const SidecarConfig& config, unsigned index, WorkerMetrics& metrics,
               AccessLog* access_log)
    : config_(config),
      metrics_(metrics),
      loop_(seed_of(index)),
      pool_counters_(counters_of(metrics.counters)),
      targets_{loop_, pool_counters_, client_settings_, config.zone},
      generations_(targets_),
      probes_(loop_, exchanges_),
      stacks_{loop_, generations_, targets_, metrics, access_log, config, identity_.id} {
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
  if (metrics_.counters[CounterId::client_connections_open].get() >= most) {
    ::close(fd);
    return metrics_.counters[CounterId::client_connections_refused].add();
  }
  listener.connections.add(make_server(listener.protocol, listener.context,
                                       make_tcp_transport(loop_, fd), host_text(peer)));
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
      if (listener->kind != kind) continue;
      listener->listener->stop();
      listener->connections.drain();
    }
  });
}

void Worker::cut() {
  post([](Worker& worker) {
    for (const auto& listener : worker.listeners_) listener->connections.cut();
  });
}

std::size_t Worker::connections(ListenerPlan::Kind kind) const {
  std::size_t sum = 0;
  for (const auto& listener : listeners_) {
    if (listener->kind == kind) sum += listener->open.get();
  }
  return sum;
}

void Worker::expired(TimePoint now) {
  generations_.tidy();
  loop_.arm(*this, now + tidy_every);
}

}  // namespace skiff
