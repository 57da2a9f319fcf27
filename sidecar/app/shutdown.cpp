#include "sidecar/app/shutdown.h"

#include <utility>

#include "base/log.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr auto look_every = 20ms;
constexpr auto after_cut = 100ms;  // For the last answers to leave.

}  // namespace

Shutdown::Shutdown(boost::asio::io_context& io, std::vector<std::unique_ptr<Worker>>& workers,
                   Milliseconds limit, std::function<void()> done)
    : workers_(workers), limit_(limit), done_(std::move(done)), timer_(io) {}

void Shutdown::begin() {
  if (stage_ != Stage::serving) return cut();
  log::info(Component::sidecar, "draining, for {} ms at most", limit_.count());
  stage_ = Stage::inbound;
  until_ = std::chrono::steady_clock::now() + limit_;
  drain(ListenerPlan::Kind::inbound);
  drain(ListenerPlan::Kind::gateway);
  look();
}

void Shutdown::look() {
  const std::size_t from_others =
      connections(ListenerPlan::Kind::inbound) + connections(ListenerPlan::Kind::gateway);
  const std::size_t all = from_others + connections(ListenerPlan::Kind::outbound);
  if (stage_ == Stage::outbound && all == 0) return done_();
  if (stage_ == Stage::inbound && from_others == 0) {
    stage_ = Stage::outbound;
    drain(ListenerPlan::Kind::outbound);
  }
  if (std::chrono::steady_clock::now() >= until_) {
    log::warn(Component::sidecar, "cutting what has not finished after {} ms", limit_.count());
    return cut();
  }
  timer_.expires_after(look_every);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) look();
  });
}

void Shutdown::cut() {
  if (std::exchange(stage_, Stage::cut) == Stage::cut) return;
  for (const auto& worker : workers_) worker->cut();
  timer_.expires_after(after_cut);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) done_();
  });
}

void Shutdown::drain(ListenerPlan::Kind kind) {
  for (const auto& worker : workers_) worker->drain(kind);
}

std::size_t Shutdown::connections(ListenerPlan::Kind kind) const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->connections(kind);
  return sum;
}

}  // namespace skiff
