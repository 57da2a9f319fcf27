#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sample-services/common/money.h"

namespace skiff::shop {

struct Coupon {
  std::int64_t id = 0;
  Money discount;
  bool used = false;
};

struct User {
  std::int64_t id = 0;
  std::string name;
  std::string email;        // May be empty.
  std::int64_t points = 0;  // One pays for one minor unit. Never below zero.
  std::vector<Coupon> coupons;
};

// Gives points (amount above zero) or takes them, together with coupons; all of it or nothing.
struct PointsChange {
  std::int64_t user_id = 0;
  std::int64_t amount = 0;
  std::vector<std::int64_t> coupons;  // Marked as used.
  std::string reason;                 // For the history.
  std::string key;                    // The same key changes nothing twice. Empty: no key.
};

// Why points were not changed.
struct PointsFailure {
  enum class Kind { unknown_user, too_few_points, unusable_coupon, key_reused, key_reversed };
  Kind kind = Kind::unknown_user;
  std::int64_t coupon_id = 0;  // Of the unusable one.
};

// What the user service owns. Every change is one transaction. What a request cannot cause (a full
// disk) is thrown. Used by one thread.
class UserStorage {
 public:
  virtual ~UserStorage() = default;

  virtual std::vector<User> list(std::int64_t most) = 0;  // By id, without coupons.
  virtual std::optional<User> find(std::int64_t id) = 0;
  virtual User add(const std::string& name, const std::string& email) = 0;

  // Nothing where there is no such user.
  virtual std::optional<Coupon> add_coupon(std::int64_t user_id, Money discount) = 0;

  // These answer the user as it is afterwards.
  virtual Result<User, PointsFailure> change_points(const PointsChange& change) = 0;

  // Undoes the change that was made with `key`. Where it has not come yet, it never will: it is
  // refused as `key_reversed`. Doing so twice is doing it once.
  virtual Result<User, PointsFailure> take_back(std::int64_t user_id, const std::string& key) = 0;
};

// SQLite; see open_database.
std::unique_ptr<UserStorage> open_user_storage(const std::string& file);

}  // namespace skiff::shop
