#include "sidecar/pool/stream_pool.h"

#include <algorithm>
#include <utility>

#include "sidecar/pool/race_counter.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t no_slot = static_cast<std::size_t>(-1);
// A request that must not be sent twice looks first at a connection that lay idle for longer.
constexpr Duration fresh = 5ms;
// The endpoint is in use: an exchange was begun so lately.
constexpr Duration in_use = 60s;
// After a connect that failed, or whose connection was closed before anybody used it: how long none
// is made that nobody waits for.
constexpr Duration pause_after_failure = 1s;

}  // namespace

// A connection in the making.
class StreamPool::Connect final : private Connector::Done {
 public:
  explicit Connect(StreamPool& pool) : pool_(pool) {
    attempt_ = pool.connector_.connect(pool.settings_.pool.connect_timeout, pool, *this);
  }

 private:
  void connected(std::unique_ptr<Connection> connection) override {
    pool_.connected(*this, std::move(connection));
  }
  void not_connected(const Error& error) override { pool_.not_connected(*this, error); }

  StreamPool& pool_;
  std::unique_ptr<Connector::Attempt> attempt_;
};

StreamPool::StreamPool(Loop& loop, Connector& connector, const StreamPoolSettings& settings,
                       const PoolCounters& counters)
    : loop_(loop),
      connector_(connector),
      settings_(settings),
      counters_(counters),
      waiters_(loop, counters.waits, counters.waiting) {}

StreamPool::~StreamPool() {
  loop_.undefer(*this);
  counters_.open.subtract(members_.size());
}

// ---- Exchanges

void StreamPool::forward(Exchange& exchange, Reply& reply) {
  Reply& counted = *exchange.arena.make<RaceCounter>(reply, counters_.idle_races);
  serve();  // Whoever waits for room that has just come is before it.
  if (waiters_.empty()) {
    if (Connection* connection = take(exchange.request)) {
      return start(*connection, exchange, counted);
    }
  }
  wait(exchange, counted);
}

// The fullest of those that are not full yet; else the emptiest that has room at all.
Connection* StreamPool::choose() {
  const Member* below = nullptr;
  const Member* beyond = nullptr;
  for (const Member& member : members_) {
    if (member.connection->room() == 0) continue;
    if (member.carried < settings_.streams_per_connection) {
      if (below == nullptr || member.carried > below->carried) below = &member;
    } else {
      if (beyond == nullptr || member.carried < beyond->carried) beyond = &member;
    }
  }
  const Member* const chosen = below != nullptr ? below : beyond;
  return chosen != nullptr ? chosen->connection.get() : nullptr;
}

Connection* StreamPool::take(const Request& request) {
  while (Connection* connection = choose()) {
    const bool doubtful = members_[connection->slot].carried == 0 &&
                          !is_idempotent(request.method) &&
                          loop_.now() - connection->idle_since > fresh;
    if (!doubtful || (connection->still_open() && connection->room() > 0)) return connection;
  }
  return nullptr;
}

void StreamPool::start(Connection& connection, Exchange& exchange, Reply& reply) {
  const std::uint32_t carried = ++members_[connection.slot].carried;
  last_used_ = loop_.now();
  connection.start(exchange, reply);
  if (connection.slot == no_slot) return;
  const std::uint32_t most = settings_.pool.max_requests_per_connection;
  if (most != 0 && connection.exchanges >= most) {
    connection.retire();
    loop_.defer(*this);
  }
  if (carried > settings_.streams_per_connection) open_more();
}

void StreamPool::wait(Exchange& exchange, Reply& reply) {
  const PoolSettings& limits = settings_.pool;
  const bool may = may_connect();
  const std::size_t carried_soon = connects_.size() * settings_.streams_per_connection;
  if (!may && waiters_.size() >= limits.max_waiting + carried_soon) {
    return reply.failed(exchange, {.kind = ErrorKind::pool_full, .unprocessed = true});
  }
  const bool connects = may || !connects_.empty();
  waiters_.add(exchange, reply, limits.max_wait + (connects ? limits.connect_timeout : 0s));
  open_more();
}

void StreamPool::serve() {
  while (!waiters_.empty()) {
    Connection* const connection = choose();
    if (connection == nullptr) return;
    const Waiters::Waiting next = waiters_.take();
    start(*connection, next.exchange, next.reply);
  }
}

// ---- Connects

bool StreamPool::may_connect() const {
  const std::size_t most = settings_.pool.max_connections;
  const auto closing = static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(),
                    [](const Member& member) { return member.connection->closing; }));
  return members_.size() - closing + connects_.size() < most &&
         members_.size() + connects_.size() < 2 * most;
}

// Exchanges that wait, or lie on a connection that carries more than it should.
std::size_t StreamPool::unplaced() const {
  std::size_t count = waiters_.size();
  for (const Member& member : members_) {
    count += member.carried - std::min(member.carried, settings_.streams_per_connection);
  }
  return count;
}

// As many connects as those unplaced would fill.
void StreamPool::open_more() {
  if (waiters_.empty() && loop_.now() < ahead_after_) return;
  const std::size_t each = settings_.streams_per_connection;
  const std::size_t wanted = (unplaced() + each - 1) / each;
  while (connects_.size() < wanted && may_connect()) {
    connects_.push_back(std::make_unique<Connect>(*this));
  }
}

// Replaces the last connection that had room, before a request would wait for it.
void StreamPool::stay_warm() {
  const TimePoint now = loop_.now();
  const bool used = last_used_ != TimePoint{} && now - last_used_ < in_use;
  if (!settings_.keep_warm || retired_ || !used || now < ahead_after_) return;
  if (connects_.empty() && choose() == nullptr && may_connect()) {
    connects_.push_back(std::make_unique<Connect>(*this));
  }
}

void StreamPool::forget(Connect& connect) {
  const auto found = std::find_if(connects_.begin(), connects_.end(),
                                  [&](const auto& held) { return held.get() == &connect; });
  dead_connects_.push_back(std::move(*found));
  connects_.erase(found);
  loop_.defer(*this);
}

void StreamPool::connected(Connect& connect, std::unique_ptr<Connection> connection) {
  forget(connect);
  counters_.opened.add();
  counters_.open.add();
  Connection& newest = *connection;
  newest.slot = members_.size();
  newest.idle_since = loop_.now();
  members_.push_back({.connection = std::move(connection)});
  loop_.arm(*this, loop_.now() + settings_.pool.connection_idle);
  serve();
  if (retired_ && newest.slot != no_slot) newest.retire();
}

// Those fail whom the connects that are still under way could not carry.
void StreamPool::not_connected(Connect& connect, const Error& error) {
  forget(connect);
  counters_.failed.add();
  ahead_after_ = loop_.now() + pause_after_failure;
  const std::size_t carried_soon = connects_.size() * settings_.streams_per_connection;
  if (waiters_.size() > carried_soon) {
    waiters_.fail_oldest(waiters_.size() - carried_soon, error);
  }
}

// ---- Connections

void StreamPool::idle(Connection& connection) {
  if (connection.slot == no_slot) return;
  Member& member = members_[connection.slot];
  if (--member.carried == 0) {
    connection.idle_since = loop_.now();
    loop_.arm(*this, loop_.now() + settings_.pool.connection_idle);
  }
  if (!waiters_.empty()) loop_.defer(*this);
}

void StreamPool::room_changed(Connection&) { loop_.defer(*this); }

void StreamPool::gone(Connection& connection) {
  if (connection.slot == no_slot) return;
  // The next one, made as vainly, would only be closed likewise.
  if (connection.exchanges == 0) ahead_after_ = loop_.now() + pause_after_failure;
  remove(connection);
}

void StreamPool::remove(Connection& connection) {
  const std::size_t slot = std::exchange(connection.slot, no_slot);
  dead_.push_back(std::move(members_[slot].connection));
  if (slot + 1 < members_.size()) {
    members_[slot] = std::move(members_.back());
    members_[slot].connection->slot = slot;
  }
  members_.pop_back();
  counters_.closed.add();
  counters_.open.subtract();
  loop_.defer(*this);
}

void StreamPool::run_deferred() {
  serve();
  if (!waiters_.empty()) open_more();
  stay_warm();
  dead_.clear();
  dead_connects_.clear();
}

// Lets those go that lay idle too long, but for the last that has room.
void StreamPool::expired(TimePoint now) {
  const Duration limit = settings_.pool.connection_idle;
  auto with_room = std::count_if(members_.begin(), members_.end(), [](const Member& member) {
    return member.connection->room() > 0;
  });
  TimePoint next = TimePoint::max();
  for (std::size_t slot = members_.size(); slot-- > 0;) {
    Connection& connection = *members_[slot].connection;
    if (members_[slot].carried > 0) continue;
    const bool has_room = connection.room() > 0;
    if (now - connection.idle_since < limit) {
      next = std::min(next, connection.idle_since + limit);
    } else if (!settings_.keep_warm || !has_room || with_room > 1) {
      with_room -= has_room;
      connection.retire();
    }
  }
  if (next != TimePoint::max()) loop_.arm(*this, next);
}

void StreamPool::retire() {
  retired_ = true;
  while (waiters_.empty() && !connects_.empty()) forget(*connects_.back());
  std::vector<Connection*> all;
  for (const Member& member : members_) all.push_back(member.connection.get());
  for (Connection* connection : all) connection->retire();  // May be gone by it.
  loop_.defer(*this);
}

}  // namespace skiff
