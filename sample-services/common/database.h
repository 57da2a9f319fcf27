#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace skiff::shop {

// Opens the SQLite file, made where there is none, with foreign keys on and (for a file) the
// write-ahead log; runs `schema`. Throws SQLite::Exception.
SQLite::Database open_database(const std::string& file, const std::string& schema);

// A statement with `values` bound to its question marks in order.
template <typename... Values>
SQLite::Statement prepare(SQLite::Database& database, const std::string& sql,
                          const Values&... values) {
  SQLite::Statement statement(database, sql);
  int place = 0;
  (statement.bind(++place, values), ...);
  return statement;
}

// Runs a statement that answers no rows; how many rows it changed.
template <typename... Values>
int execute(SQLite::Database& database, const std::string& sql, const Values&... values) {
  return prepare(database, sql, values...).exec();
}

// The table in which a service remembers what it has done under which Idempotency-Key, so that a
// repeated request changes nothing, and a taken-back one stays so. Each function is called inside
// the transaction of the change itself.
class OperationLog final {
 public:
  static const char* schema();

  explicit OperationLog(SQLite::Database& database) : database_(database) {}

  // Calls `apply`, which answers a failure or nothing, and remembers the operation; where it was
  // done before, nothing happens. Fails as Failure::Kind::key_reused where the key belongs to
  // another request, and as key_reversed where the operation was taken back, before or after it
  // came.
  template <typename Failure, typename Apply>
  std::optional<Failure> do_once(const std::string& key, const std::string& request, Apply apply) {
    using Kind = typename Failure::Kind;
    const auto before = was_done(key, request);
    if (!before) {
      const bool reused = before.error() == KeyConflict::reused;
      return Failure{.kind = reused ? Kind::key_reused : Kind::key_reversed};
    }
    if (*before) return std::nullopt;
    if (auto failure = apply()) return failure;
    done(key, request);
    return std::nullopt;
  }

  // Marks the operation `key` as taken back, whether it came yet or not. The content that it was
  // done with; nothing where there is nothing to undo.
  std::optional<std::string> take_back(const std::string& key);

 private:
  enum class KeyConflict { reused, reversed };

  // Whether the operation `key` with the content `request` was done before. An empty key: no.
  Result<bool, KeyConflict> was_done(const std::string& key, const std::string& request);

  void done(const std::string& key, const std::string& request);

  SQLite::Database& database_;
};

}  // namespace skiff::shop
