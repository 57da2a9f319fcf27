#include "sample-services/user/handlers.h"

#include <boost/json/array.hpp>

namespace skiff::shop {

namespace {

constexpr Range any_amount{-1'000'000'000, 1'000'000'000};
constexpr std::size_t most_coupons = 100;

json::object to_json(const Coupon& coupon) {
  return {{"id", coupon.id}, {"discount", to_decimal(coupon.discount)}, {"used", coupon.used}};
}

json::object summary(const User& user) {
  return {{"id", user.id}, {"name", user.name}, {"email", user.email}, {"points", user.points}};
}

json::object to_json(const User& user) {
  json::object object = summary(user);
  json::array& coupons = object["coupons"].emplace_array();
  for (const Coupon& coupon : user.coupons) coupons.push_back(to_json(coupon));
  return object;
}

Reply user_not_found() { return error_reply(http::status::not_found, "User not found"); }

Reply to_reply(const PointsFailure& failure) {
  using Kind = PointsFailure::Kind;
  switch (failure.kind) {
    case Kind::unknown_user:
      return user_not_found();
    case Kind::too_few_points:
      return error_reply(http::status::conflict, "Insufficient points");
    case Kind::unusable_coupon: {
      json::object body = error_body("Coupon cannot be used");
      body["couponId"] = failure.coupon_id;
      return {http::status::conflict, std::move(body)};
    }
    case Kind::key_reused:
      return error_reply(http::status::conflict, "Idempotency-Key belongs to another request");
    case Kind::key_reversed:
      return error_reply(http::status::conflict, "Operation was taken back");
  }
  return error_reply(http::status::internal_server_error, "Internal error");
}

Reply to_reply(const Result<User, PointsFailure>& changed) {
  return changed ? Reply{http::status::ok, to_json(*changed)} : to_reply(changed.error());
}

Reply list_users(UserStorage& storage, const Request& request) {
  json::array users;
  const std::int64_t most = query_integer(request.query, "limit", 100, {1, 1'000});
  for (const User& user : storage.list(most)) users.push_back(summary(user));
  return {http::status::ok, std::move(users)};
}

Reply get_user(UserStorage& storage, const Request& request) {
  const auto user = storage.find(request.ids[0]);
  return user ? Reply{http::status::ok, to_json(*user)} : user_not_found();
}

Reply create_user(UserStorage& storage, const Request& request) {
  const auto wanted = read_body(request.body, [](FieldReader& body) {
    return User{0, body.text("name"), body.text_or("email", ""), 0, {}};
  });
  if (!wanted) return wanted.error();
  return {http::status::created, to_json(storage.add(wanted->name, wanted->email))};
}

PointsChange read_change(FieldReader& body, const Request& request) {
  PointsChange change{request.ids[0], body.integer("amount", any_amount), {}, "", ""};
  if (body.has("coupons")) change.coupons = body.integers("coupons", most_coupons);
  change.reason = body.text_or("reason", "");
  change.key = request.idempotency_key();
  return change;
}

// `{"amount": -200, "coupons": [3]}` changes; `{"reverses": KEY}` undoes what was done under KEY.
Reply change_points(UserStorage& storage, const Request& request) {
  const auto reverses = read_reverses(request.body);
  if (!reverses) return reverses.error();
  if (!reverses->empty()) return to_reply(storage.take_back(request.ids[0], *reverses));
  const auto change =
      read_body(request.body, [&](FieldReader& body) { return read_change(body, request); });
  if (!change) return change.error();
  return to_reply(storage.change_points(*change));
}

Reply create_coupon(UserStorage& storage, const Request& request) {
  const auto discount =
      read_body(request.body, [](FieldReader& body) { return body.money("discount"); });
  if (!discount) return discount.error();
  const auto coupon = storage.add_coupon(request.ids[0], *discount);
  return coupon ? Reply{http::status::created, to_json(*coupon)} : user_not_found();
}

}  // namespace

void add_user_handlers(Router& router, UserStorage& storage) {
  const auto add = [&](http::verb method, const char* pattern, auto handler) {
    router.add(method, pattern,
               [&storage, handler](const Request& request) { return handler(storage, request); });
  };
  add(http::verb::get, "/users", list_users);
  add(http::verb::post, "/users", create_user);
  add(http::verb::get, "/users/{id}", get_user);
  add(http::verb::post, "/users/{id}/points", change_points);
  add(http::verb::post, "/users/{id}/coupons", create_coupon);
}

}  // namespace skiff::shop
