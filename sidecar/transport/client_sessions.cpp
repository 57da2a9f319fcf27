#include "sidecar/transport/client_sessions.h"

#include <utility>

namespace skiff {

void ClientSessions::keep(const std::string& scope, ClientSession session) {
  if (sessions_.size() >= most && !sessions_.contains(scope)) sessions_.erase(sessions_.begin());
  sessions_.insert_or_assign(scope, std::move(session));
}

ClientSession ClientSessions::take(const std::string& scope) {
  const auto found = sessions_.find(scope);
  if (found == sessions_.end()) return {};
  ClientSession taken = std::move(found->second);
  sessions_.erase(found);
  return taken;
}

}  // namespace skiff
