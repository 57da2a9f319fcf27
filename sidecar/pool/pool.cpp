#include "sidecar/pool/pool.h"

#include <algorithm>
#include <utility>

#include "sidecar/pool/race_counter.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t no_slot = static_cast<std::size_t>(-1);
// A request that must not be sent twice looks first at a connection that lay idle for longer.
constexpr Duration fresh = 5ms;

}  // namespace

// A connection in the making.
class Pool::Connect final : private Connector::Done {
 public:
  explicit Connect(Pool& pool) : pool_(pool) {
    attempt_ = pool.connector_.connect(pool.settings_.connect_timeout, pool, *this);
  }

 private:
  void connected(std::unique_ptr<Connection> connection) override {
    pool_.connected(*this, std::move(connection));
  }
  void not_connected(const Error& error) override { pool_.not_connected(*this, error); }

  Pool& pool_;
  std::unique_ptr<Connector::Attempt> attempt_;
};

Pool::Pool(Loop& loop, Connector& connector, const PoolSettings& settings,
           const PoolCounters& counters)
    : loop_(loop),
      connector_(connector),
      settings_(settings),
      counters_(counters),
      idle_limit_(settings.connection_idle),
      waiters_(loop, counters.waits, counters.waiting) {}

Pool::~Pool() {
  loop_.undefer(*this);
  counters_.open.subtract(connections_.size());
}

void Pool::configure(const PoolSettings& settings) {
  settings_ = settings;
  idle_limit_.configure(settings.connection_idle);
}

void Pool::forward(Exchange& exchange, Reply& reply) {
  Reply& counted = *exchange.arena.make<RaceCounter>(reply, counters_.idle_races);
  if (waiters_.empty()) {
    if (Connection* connection = take_idle(exchange.request)) {
      return connection->start(exchange, counted);
    }
  }
  wait(exchange, counted);
}

Connection* Pool::take_idle(const Request& request) {
  if (idle_.empty()) return nullptr;
  const bool repeatable = is_idempotent(request.method);
  const Duration limit = idle_limit_.limit(repeatable, loop_.now());
  while (!idle_.empty()) {
    Connection& connection = *idle_.back();
    const Duration age = loop_.now() - connection.idle_since;
    if (age >= limit) return nullptr;  // The others are older still; expired() takes them away.
    if (!repeatable && age > fresh && !connection.still_open()) continue;
    idle_.pop_back();
    return &connection;
  }
  return nullptr;
}

void Pool::wait(Exchange& exchange, Reply& reply) {
  const bool may_connect = connections_.size() + connects_.size() < settings_.max_connections;
  if (!may_connect && waiters_.size() >= settings_.max_waiting + connects_.size()) {
    return reply.failed(exchange, {.kind = ErrorKind::pool_full, .unprocessed = true});
  }
  waiters_.add(exchange, reply, may_connect ? Duration::zero() : settings_.max_wait);
  connect_for_waiters();
}

// One connect for each who waits, as far as the limit allows.
void Pool::connect_for_waiters() {
  while (connects_.size() < waiters_.size() &&
         connections_.size() + connects_.size() < settings_.max_connections) {
    connects_.push_back(std::make_unique<Connect>(*this));
  }
}

void Pool::forget(Connect& connect) {
  const auto found = std::find_if(connects_.begin(), connects_.end(),
                                  [&](const auto& held) { return held.get() == &connect; });
  dead_connects_.push_back(std::move(*found));
  connects_.erase(found);
  loop_.defer(*this);
}

void Pool::connected(Connect& connect, std::unique_ptr<Connection> connection) {
  forget(connect);
  counters_.opened.add();
  counters_.open.add();
  Connection& fresh_one = *connection;
  fresh_one.slot = connections_.size();
  fresh_one.idle_since = loop_.now();
  connections_.push_back(std::move(connection));
  idle(fresh_one);
  serve();
}

void Pool::not_connected(Connect& connect, const Error& error) {
  forget(connect);
  counters_.failed.add();
  waiters_.fail_oldest(1, error);
}

void Pool::idle(Connection& connection) {
  const std::uint32_t most = settings_.max_requests_per_connection;
  const bool worn = most != 0 && connection.exchanges >= most;
  if (worn || retired_ || (waiters_.empty() && idle_.size() >= settings_.max_idle)) {
    return remove(connection);
  }
  if (idle_.empty()) loop_.arm(*this, loop_.now() + idle_limit_.limit(true, loop_.now()));
  idle_.push_back(&connection);
  if (!waiters_.empty()) loop_.defer(*this);
}

void Pool::gone(Connection& connection) {
  if (connection.slot == no_slot) return;
  const auto found = std::find(idle_.begin(), idle_.end(), &connection);
  if (found != idle_.end()) {
    idle_limit_.closed_after(loop_.now() - connection.idle_since, loop_.now());
    idle_.erase(found);
  }
  remove(connection);
}

void Pool::remove(Connection& connection) {
  const std::size_t slot = std::exchange(connection.slot, no_slot);
  dead_.push_back(std::move(connections_[slot]));
  if (slot + 1 < connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
  counters_.closed.add();
  counters_.open.subtract();
  loop_.defer(*this);
}

void Pool::serve() {
  while (!waiters_.empty() && !idle_.empty()) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    const Waiters::Waiting next = waiters_.take();
    connection.start(next.exchange, next.reply);
  }
}

void Pool::run_deferred() {
  serve();
  connect_for_waiters();
  dead_.clear();
  dead_connects_.clear();
}

void Pool::expired(TimePoint now) {
  const Duration limit = idle_limit_.limit(true, now);
  while (!idle_.empty() && now - idle_.front()->idle_since >= limit) {
    Connection& oldest = *idle_.front();
    idle_.erase(idle_.begin());
    remove(oldest);
  }
  if (!idle_.empty()) loop_.arm(*this, idle_.front()->idle_since + limit);
}

void Pool::retire() {
  retired_ = true;
  while (!idle_.empty()) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    remove(connection);
  }
}

}  // namespace skiff
