#include "sample-services/user/storage.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include "sample-services/common/database.h"
#include "sample-services/common/json.h"

namespace skiff::shop {

namespace {

using Kind = PointsFailure::Kind;

constexpr const char* schema = R"(
  CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    points INTEGER NOT NULL DEFAULT 0 CHECK (points >= 0));
  CREATE TABLE IF NOT EXISTS points_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    amount INTEGER NOT NULL,
    reason TEXT NOT NULL,
    created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')));
  CREATE TABLE IF NOT EXISTS coupons (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    discount INTEGER NOT NULL CHECK (discount >= 0),
    used INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX IF NOT EXISTS coupons_by_user ON coupons (user_id);)";

User read_user(SQLite::Statement& row) {
  return {row.getColumn(0).getInt64(),
          row.getColumn(1).getString(),
          row.getColumn(2).getString(),
          row.getColumn(3).getInt64(),
          {}};
}

// A change as the operation log keeps it, and back.
std::string to_log(const PointsChange& change) {
  return json::serialize(json::object{{"user", change.user_id},
                                      {"amount", change.amount},
                                      {"coupons", json::value_from(change.coupons)}});
}

PointsChange from_log(const std::string& text) {
  const json::value change = json::parse(text);
  return {change.at("user").as_int64(),
          change.at("amount").as_int64(),
          json::value_to<std::vector<std::int64_t>>(change.at("coupons")),
          {},
          {}};
}

class SqliteUserStorage final : public UserStorage {
 public:
  explicit SqliteUserStorage(const std::string& file)
      : database_(open_database(file, std::string(schema) + OperationLog::schema())),
        operations_(database_) {}

  std::vector<User> list(std::int64_t most) override {
    std::vector<User> users;
    auto row =
        prepare(database_, "SELECT id, name, email, points FROM users ORDER BY id LIMIT ?", most);
    while (row.executeStep()) users.push_back(read_user(row));
    return users;
  }

  std::optional<User> find(std::int64_t id) override {
    auto row = prepare(database_, "SELECT id, name, email, points FROM users WHERE id = ?", id);
    if (!row.executeStep()) return std::nullopt;
    User user = read_user(row);
    user.coupons = coupons_of(id);
    return user;
  }

  User add(const std::string& name, const std::string& email) override {
    execute(database_, "INSERT INTO users (name, email) VALUES (?, ?)", name, email);
    return {database_.getLastInsertRowid(), name, email, 0, {}};
  }

  std::optional<Coupon> add_coupon(std::int64_t user_id, Money discount) override {
    if (!find(user_id)) return std::nullopt;
    execute(database_, "INSERT INTO coupons (user_id, discount) VALUES (?, ?)", user_id,
            discount.minor);
    return Coupon{database_.getLastInsertRowid(), discount, false};
  }

  Result<User, PointsFailure> change_points(const PointsChange& change) override {
    SQLite::Transaction transaction(database_);  // Rolls back unless committed.
    const auto failure = operations_.do_once<PointsFailure>(change.key, to_log(change),
                                                            [&] { return apply(change); });
    if (failure) return *failure;
    const auto user = find(change.user_id);
    if (!user) return PointsFailure{Kind::unknown_user};
    transaction.commit();
    return *user;
  }

  Result<User, PointsFailure> take_back(std::int64_t user_id, const std::string& key) override {
    SQLite::Transaction transaction(database_);
    if (const auto content = operations_.take_back(key)) {
      const PointsChange change = from_log(*content);
      if (change.user_id != user_id) return PointsFailure{Kind::key_reused};
      if (const auto failure = undo(change)) return *failure;
    }
    const auto user = find(user_id);
    if (!user) return PointsFailure{Kind::unknown_user};
    transaction.commit();
    return *user;
  }

 private:
  std::vector<Coupon> coupons_of(std::int64_t user_id) {
    std::vector<Coupon> coupons;
    auto row = prepare(
        database_, "SELECT id, discount, used FROM coupons WHERE user_id = ? ORDER BY id", user_id);
    while (row.executeStep()) {
      coupons.push_back({row.getColumn(0).getInt64(),
                         {row.getColumn(1).getInt64()},
                         row.getColumn(2).getInt() != 0});
    }
    return coupons;
  }

  std::optional<PointsFailure> apply(const PointsChange& change) {
    if (!find(change.user_id)) return PointsFailure{Kind::unknown_user};
    if (!add_points(change.user_id, change.amount, change.reason)) {
      return PointsFailure{Kind::too_few_points};
    }
    for (const std::int64_t coupon : change.coupons) {
      const int marked = execute(
          database_, "UPDATE coupons SET used = 1 WHERE id = ? AND user_id = ? AND used = 0",
          coupon, change.user_id);
      if (marked == 0) return PointsFailure{Kind::unusable_coupon, coupon};
    }
    return std::nullopt;
  }

  std::optional<PointsFailure> undo(const PointsChange& change) {
    if (!add_points(change.user_id, -change.amount, "taken back")) {
      return PointsFailure{Kind::too_few_points};
    }
    for (const std::int64_t coupon : change.coupons) {
      execute(database_, "UPDATE coupons SET used = 0 WHERE id = ?", coupon);
    }
    return std::nullopt;
  }

  // False: the balance would fall below zero.
  bool add_points(std::int64_t user_id, std::int64_t amount, const std::string& reason) {
    if (amount == 0) return true;
    const int changed = execute(
        database_, "UPDATE users SET points = points + ?1 WHERE id = ?2 AND points + ?1 >= 0",
        amount, user_id);
    if (changed == 0) return false;
    execute(database_, "INSERT INTO points_history (user_id, amount, reason) VALUES (?, ?, ?)",
            user_id, amount, reason);
    return true;
  }

  SQLite::Database database_;
  OperationLog operations_;
};

}  // namespace

std::unique_ptr<UserStorage> open_user_storage(const std::string& file) {
  return std::make_unique<SqliteUserStorage>(file);
}

}  // namespace skiff::shop
