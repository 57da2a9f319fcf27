#include "sidecar/app/sidecar.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <vector>

#include "base/log.h"
#include "sidecar/app/admin_pages.h"
#include "sidecar/app/breaker_families.h"
#include "sidecar/app/bulkhead_families.h"
#include "sidecar/app/counted_events.h"
#include "sidecar/app/credentials.h"
#include "sidecar/app/ejection_families.h"
#include "sidecar/app/health_checks.h"
#include "sidecar/app/listener_plans.h"
#include "sidecar/app/mirror_families.h"
#include "sidecar/app/policies.h"
#include "sidecar/app/policy_events.h"
#include "sidecar/app/policy_watch.h"
#include "sidecar/app/ready_families.h"
#include "sidecar/app/retry_families.h"
#include "sidecar/app/shutdown.h"
#include "sidecar/app/worker.h"
#include "sidecar/observe/access_log_writer.h"
#include "sidecar/observe/metrics.h"
#include "sidecar/transport/descriptors.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr int backlog = 4096;
constexpr auto flush_every = 50ms;
constexpr auto expire_every = 60s;
constexpr auto look_at_counters_every = 1s;

// The whole process: the control thread's part, and the workers.
class Sidecar final {
 public:
  explicit Sidecar(const SidecarConfig& config);

  bool open();  // Policies and listeners; says in the log what is in the way.
  bool policies_refused() const { return !policies_.violations().empty(); }
  void run();

 private:
  AccessLog* add_access_log(unsigned worker);
  bool open_access_log();
  bool open_credentials();
  bool open_listeners();
  bool open_on_all_workers(const ListenerPlan& plan);
  void apply(const SharedPlans& plans);
  void reload();
  void await_signal();
  void flush_access_log();
  void reopen_access_log();
  void expire_series();
  void expire_faults();
  void tell_what_was_counted();

  const SidecarConfig config_;
  boost::asio::io_context io_;
  Metrics metrics_;
  std::vector<std::unique_ptr<AccessLog>> access_logs_;  // By worker; empty: off.
  std::unique_ptr<AccessLogWriter> access_log_writer_;
  const SystemClock clock_{};
  PolicyEvents events_;
  PolicyStates states_;
  CountedEvents counted_events_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Credentials> credentials_;  // Null: no identity.
  HealthChecks health_;
  Policies policies_;
  Shutdown shutdown_;
  AdminPages admin_;
  std::unique_ptr<PolicyWatch> watch_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer flush_timer_;
  boost::asio::steady_timer expire_timer_;
  boost::asio::steady_timer fault_timer_;
  boost::asio::steady_timer counters_timer_;
};

Sidecar::Sidecar(const SidecarConfig& config)
    : config_(config),
      metrics_({.workers = config.workers}),
      events_(metrics_.named(), clock_),
      states_(events_.sink()),
      counted_events_(metrics_.named(), states_, events_.sink()),
      health_(
          io_, metrics_.control(),
          [this](const std::string& target, const std::string& address, const ProbeRequest& request,
                 OwnCalls::Done done) {
            workers_.front()->probe(target, address, request, std::move(done));
          },
          [this](const std::string& target, const std::string& address, bool healthy) {
            for (const auto& worker : workers_) worker->set_healthy(target, address, healthy);
          }),
      policies_(config_, [this](const SharedPlans& plans) { apply(plans); }),
      shutdown_(io_, workers_, config_.timeouts.drain, [this] { io_.stop(); }),
      admin_(
          {io_, config_, metrics_, policies_, workers_, shutdown_, credentials_, states_, clock_}),
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      flush_timer_(io_),
      expire_timer_(io_),
      fault_timer_(io_),
      counters_timer_(io_) {
  metrics_.add([this](auto& families) {
    const TimePoint now = clock_.now();
    collect_bulkheads(states_, families);
    collect_retries(states_, now, families);
    collect_readiness(states_, families);
    collect_mirrors(states_, families);
    collect_breakers(states_, now, families);
    collect_ejections(states_, now, families);
    states_.limits().collect(families);
  });
  for (unsigned i = 0; i < config_.workers; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(config_, i, metrics_.worker(i), add_access_log(i), states_));
  }
}

AccessLog* Sidecar::add_access_log(unsigned worker) {
  if (config_.access_log.mode == AccessLogConfig::Mode::off) return nullptr;
  return access_logs_
      .emplace_back(std::make_unique<AccessLog>(
          AccessLogSettings{.config = config_.access_log, .seed = worker + 1},
          metrics_.worker(worker).counters))
      .get();
}

bool Sidecar::open_access_log() {
  if (access_logs_.empty()) return true;
  auto opened = AccessLogWriter::open(config_.access_log.path);
  if (!opened) {
    log::error(Component::access_log, "{}", opened.error());
    return false;
  }
  access_log_writer_ = std::move(*opened);
  for (const auto& each : access_logs_) access_log_writer_->add(each->lines());
  return true;
}

bool Sidecar::open_credentials() {
  if (!config_.identity.has_value()) return true;
  credentials_ = std::make_unique<Credentials>(
      *config_.identity, metrics_.control(), [this](const TlsMaterial& material) {
        for (const auto& worker : workers_) worker->set_identity(material, credentials_->leaf());
      });
  if (!credentials_->load()) return false;
  credentials_->watch(io_);
  return true;
}

bool Sidecar::open() {
  if (!open_credentials() || !policies_.load()) return false;
  if (!open_access_log() || !open_listeners() || !admin_.open()) return false;
  if (!config_.policies.empty()) {
    watch_ = std::make_unique<PolicyWatch>(io_, config_.policies, [this] { reload(); });
  }
  return true;
}

bool Sidecar::open_listeners() {
  const auto plans = plan_listeners(config_, policies_.gateways());
  if (!plans) {
    log::error(Component::listener, "{}", plans.error());
    return false;
  }
  for (const ListenerPlan& plan : *plans) {
    if (is_taken(plan.address)) {
      log::warn(Component::listener,
                "{}: another process listens there too, and they share its connections; fine only "
                "while one replaces the other",
                plan.name);
    }
    if (!open_on_all_workers(plan)) return false;
    log::info(Component::listener, "{}", plan.name);
  }
  return true;
}

bool Sidecar::open_on_all_workers(const ListenerPlan& plan) {
  int first = -1;
  for (const auto& worker : workers_) {
    const bool shares = plan.address.is_unix() && first >= 0;
    const int fd = shares ? ::fcntl(first, F_DUPFD_CLOEXEC, 0) : listen_tcp(plan.address, backlog);
    if (fd < 0) {
      log::error(Component::listener, "cannot listen: {}: {}", plan.name, std::strerror(errno));
      return false;
    }
    if (first < 0) first = fd;
    worker->add_listener(plan, fd);
  }
  return true;
}

void Sidecar::apply(const SharedPlans& plans) {
  states_.faults.set(plans.route->faults, std::chrono::steady_clock::now(), metrics_.named());
  expire_faults();
  for (const auto& worker : workers_) worker->apply(plans);
  health_.update(*plans.route);
  health_.repeat();
}

void Sidecar::reload() {
  const bool good = policies_.load();
  metrics_.control()[good ? CounterId::reloads_accepted : CounterId::reloads_refused].add();
  metrics_.control()[CounterId::config_generation].store(policies_.number());
}

void Sidecar::await_signal() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      reopen_access_log();
      if (credentials_ != nullptr) credentials_->load();
      reload();
    } else {
      shutdown_.begin();
    }
    await_signal();
  });
}

void Sidecar::flush_access_log() {
  access_log_writer_->flush();
  metrics_.control()[CounterId::access_log_lines_lost].store(
      access_log_writer_->failed_lines().get());
  flush_timer_.expires_after(flush_every);
  flush_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) flush_access_log();
  });
}

void Sidecar::reopen_access_log() {
  if (access_log_writer_ == nullptr) return;
  const std::string error = access_log_writer_->reopen();
  if (!error.empty()) log::error(Component::access_log, "{}", error);
}

void Sidecar::expire_series() {
  expire_timer_.expires_after(expire_every);
  expire_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    metrics_.expire(std::chrono::steady_clock::now());
    expire_series();
  });
}

// Wakes up when the next FaultPolicy's time is over.
void Sidecar::expire_faults() {
  const TimePoint next = states_.faults.expire(std::chrono::steady_clock::now(), metrics_.named());
  fault_timer_.expires_at(next);  // Also ends the wait before.
  if (next == TimePoint::max()) return;
  fault_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) expire_faults();
  });
}

// Events of what is only counted where requests pass.
void Sidecar::tell_what_was_counted() {
  counted_events_.look(clock_.now());
  counters_timer_.expires_after(look_at_counters_every);
  counters_timer_.async_wait([this](boost::system::error_code error) {
    if (!error) tell_what_was_counted();
  });
}

void Sidecar::run() {
  metrics_.control()[CounterId::config_generation].store(policies_.number());
  for (const auto& worker : workers_) worker->start();
  admin_.set_ready();
  log::info(Component::sidecar, "ready");
  await_signal();
  if (access_log_writer_ != nullptr) flush_access_log();
  expire_series();
  tell_what_was_counted();
  io_.run();
  for (const auto& worker : workers_) worker->stop();
  if (access_log_writer_ != nullptr) access_log_writer_->flush_for(500ms);
  log::info(Component::sidecar, "ended");
}

// With no more connections of clients than there are descriptors for.
SidecarConfig affordable(SidecarConfig config) {
  const std::size_t most = raise_descriptor_limit();
  const std::size_t clients = descriptors_for_clients(most, config.workers);
  if (clients < config.limits.connections) {
    log::info(Component::sidecar,
              "limits.connections: {} instead of {}, as only {} file descriptors may be open "
              "(ulimit -n)",
              clients, config.limits.connections, most);
    config.limits.connections = static_cast<std::uint32_t>(clients);
  }
  return config;
}

}  // namespace

int run_sidecar(const SidecarConfig& config) {
  log::set_level(log::find_level(config.log_level).value_or(log::Level::info));
  std::signal(SIGPIPE, SIG_IGN);
  Sidecar sidecar(affordable(config));
  if (!sidecar.open()) return sidecar.policies_refused() ? 65 : 1;
  sidecar.run();
  return 0;
}

}  // namespace skiff
