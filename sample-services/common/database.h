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

// Why an operation with a key was not done.
enum class KeyConflict {
  reused,   // The key belongs to a different request.
  reversed  // The operation was taken back before or after it came; it will not be done again.
};

// The table in which a service remembers what it has done under which Idempotency-Key, so that a
// repeated request changes nothing, and a taken-back one stays so. Each function is called inside
// the transaction of the change itself.
class OperationLog final {
 public:
  static const char* schema();

  explicit OperationLog(SQLite::Database& database) : database_(database) {}

  // Whether the operation `key` with the content `request` was done before. An empty key: no.
  Result<bool, KeyConflict> was_done(const std::string& key, const std::string& request);

  void done(const std::string& key, const std::string& request);

  // Marks the operation `key` as taken back, whether it came yet or not. The content that it was
  // done with; nothing where there is nothing to undo.
  std::optional<std::string> take_back(const std::string& key);

 private:
  SQLite::Database& database_;
};

}  // namespace skiff::shop
