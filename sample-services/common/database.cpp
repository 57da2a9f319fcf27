#include "sample-services/common/database.h"

namespace skiff::shop {

SQLite::Database open_database(const std::string& file, const std::string& schema) {
  constexpr int busy_ms = 2'000;
  SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_ms);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("PRAGMA foreign_keys = ON");
  database.exec(schema);
  return database;
}

const char* OperationLog::schema() {
  return R"(
    CREATE TABLE IF NOT EXISTS operations (
      key TEXT PRIMARY KEY,
      request TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('DONE', 'REVERSED')),
      created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
    ) WITHOUT ROWID;)";
}

Result<bool, OperationLog::KeyConflict> OperationLog::was_done(const std::string& key,
                                                               const std::string& request) {
  if (key.empty()) return false;
  auto row = prepare(database_, "SELECT request, state FROM operations WHERE key = ?", key);
  if (!row.executeStep()) return false;
  if (row.getColumn(1).getString() == "REVERSED") return KeyConflict::reversed;
  if (row.getColumn(0).getString() != request) return KeyConflict::reused;
  return true;
}

void OperationLog::done(const std::string& key, const std::string& request) {
  if (key.empty()) return;
  execute(database_, "INSERT INTO operations (key, request, state) VALUES (?, ?, 'DONE')", key,
          request);
}

std::optional<std::string> OperationLog::take_back(const std::string& key) {
  std::optional<std::string> request;
  {
    auto row =
        prepare(database_, "SELECT request FROM operations WHERE key = ? AND state = 'DONE'", key);
    if (row.executeStep()) request = row.getColumn(0).getString();
  }
  execute(database_,
          "INSERT INTO operations (key, request, state) VALUES (?, '', 'REVERSED') "
          "ON CONFLICT (key) DO UPDATE SET state = 'REVERSED'",
          key);
  return request;
}

}  // namespace skiff::shop
