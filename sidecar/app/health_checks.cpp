#include "sidecar/app/health_checks.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <utility>

#include "base/log.h"
#include "sidecar/balance/health.h"
#include "sidecar/transport/tcp.h"

namespace skiff {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// Whoever is asked keeps to the check's own timeout; this is for a worker that does not answer.
constexpr auto patience = std::chrono::seconds(5);

bool is_expected(const HealthCheckConfig& config, unsigned status) {
  const auto& expected = config.expected_statuses;
  if (expected.empty()) return status >= 200 && status < 300;
  return std::find(expected.begin(), expected.end(), status) != expected.end();
}

bool same(const HealthCheckConfig& one, const HealthCheckConfig& other) {
  return one.type == other.type && one.path == other.path && one.host == other.host &&
         one.expected_statuses == other.expected_statuses && one.interval == other.interval &&
         one.timeout == other.timeout && one.healthy_threshold == other.healthy_threshold &&
         one.unhealthy_threshold == other.unhealthy_threshold;
}

}  // namespace

// One endpoint that is asked again and again. Its loop holds it until stop().
class HealthChecks::Check final : public std::enable_shared_from_this<Check> {
 public:
  Check(asio::io_context& io, const TargetSpec& target, std::string address, const Ask& ask)
      : config_(*target.policy.health_check),
        state_(config_),
        target_(target.name),
        host_(config_.host.empty() ? target.authority : config_.host),
        address_(std::move(address)),
        ask_(ask),
        timer_(io),
        answered_(io) {}

  void begin(Random& random, CounterSet& counters, std::function<void(bool)> changed) {
    asio::co_spawn(timer_.get_executor(),
                   run(shared_from_this(), random, counters, std::move(changed)), asio::detached);
  }
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

  const HealthCheckConfig& config() const { return config_; }
  bool healthy() const { return state_.healthy(); }

 private:
  asio::awaitable<void> run([[maybe_unused]] std::shared_ptr<Check> self, Random& random,
                            CounterSet& counters, std::function<void(bool)> changed) {
    while (!stopped_) {
      timer_.expires_at(state_.next_check(std::chrono::steady_clock::now(), random));
      co_await timer_.async_wait(as_result);
      if (stopped_) break;
      const bool passed = co_await probe();
      if (stopped_) break;
      counters[passed ? CounterId::health_checks_passed : CounterId::health_checks_failed].add();
      const TimePoint now = std::chrono::steady_clock::now();
      if (passed ? state_.passed(now) : state_.failed(now)) changed(state_.healthy());
    }
  }

  asio::awaitable<bool> probe() {
    if (config_.type == HealthCheckConfig::Type::tcp) co_return co_await connects();
    co_return is_expected(config_, co_await ask_page());
  }

  asio::awaitable<std::uint16_t> ask_page() {
    answered_.expires_after(config_.timeout + patience);
    status_ = 0;
    const unsigned turn = ++turn_;
    ask_(target_, address_, {.path = config_.path, .host = host_, .timeout = config_.timeout},
         [self = shared_from_this(), turn](std::uint16_t status) {
           asio::post(self->timer_.get_executor(), [self, turn, status] {
             if (turn != self->turn_) return;  // Nobody waits for it any more.
             self->status_ = status;
             self->answered_.cancel();
           });
         });
    co_await answered_.async_wait(as_result);
    co_return status_;
  }

  asio::awaitable<bool> connects() {
    const auto to = parse_address(address_);
    if (!to.has_value()) co_return false;
    asio::ip::tcp::endpoint endpoint;
    std::copy_n(reinterpret_cast<const char*>(to->get()), to->size,
                reinterpret_cast<char*>(endpoint.data()));
    boost::beast::tcp_stream stream(timer_.get_executor());
    stream.expires_after(config_.timeout);
    const auto [error] = co_await stream.async_connect(endpoint, as_result);
    co_return !error;
  }

  const HealthCheckConfig config_;
  HealthState state_;
  const std::string target_;
  const std::string host_;
  const std::string address_;
  const Ask& ask_;
  asio::steady_timer timer_;
  asio::steady_timer answered_;
  std::uint16_t status_ = 0;
  unsigned turn_ = 0;
  bool stopped_ = false;
};

HealthChecks::HealthChecks(asio::io_context& io, CounterSet& counters, Ask ask, Changed changed)
    : io_(io),
      counters_(counters),
      ask_(std::move(ask)),
      changed_(std::move(changed)),
      random_(
          static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count())) {
}

HealthChecks::~HealthChecks() {
  for (auto& [key, check] : checks_) check->stop();
}

void HealthChecks::update(const RoutePlan& plan) {
  decltype(checks_) next;
  for (const TargetSpec& target : plan.targets) {
    if (!target.policy.health_check.has_value()) continue;
    for (const KnownEndpoint& endpoint : target.endpoints) {
      const auto key = std::make_pair(target.name, std::string(endpoint.address));
      const auto found = checks_.find(key);
      if (found != checks_.end() && same(found->second->config(), *target.policy.health_check)) {
        next.insert(checks_.extract(found));
        continue;
      }
      auto check = std::make_shared<Check>(io_, target, key.second, ask_);
      check->begin(random_, counters_, [this, key](bool healthy) {
        log::warn(Component::health, "{} of {} is {}", key.second, key.first,
                  healthy ? "healthy again" : "unhealthy");
        changed_(key.first, key.second, healthy);
      });
      next.emplace(key, std::move(check));
    }
  }
  for (auto& [key, check] : checks_) {  // No longer asked: used again without condition.
    if (!check->healthy()) changed_(key.first, key.second, true);
    check->stop();
  }
  checks_ = std::move(next);
}

void HealthChecks::repeat() const {
  for (const auto& [key, check] : checks_) {
    if (!check->healthy()) changed_(key.first, key.second, false);
  }
}

}  // namespace skiff
