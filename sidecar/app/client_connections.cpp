#include "sidecar/app/client_connections.h"

#include <utility>

namespace skiff {

ClientConnections::~ClientConnections() {
  cut();
  run_deferred();
  loop_.undefer(*this);
}

void ClientConnections::add(std::unique_ptr<ServerConnection> connection) {
  ServerConnection* const added = connection.release();
  added->next = first_;
  if (first_ != nullptr) first_->previous = added;
  first_ = added;
  ++size_;
  watcher_.opened();
  if (draining_) added->drain();
}

void ClientConnections::closed(ServerConnection& connection) {
  (connection.previous == nullptr ? first_ : connection.previous->next) = connection.next;
  if (connection.next != nullptr) connection.next->previous = connection.previous;
  --size_;
  watcher_.closed();
  connection.next = std::exchange(dead_, &connection);
  loop_.defer(*this);
}

void ClientConnections::run_deferred() {
  while (dead_ != nullptr) delete std::exchange(dead_, dead_->next);
}

void ClientConnections::drain() {
  draining_ = true;
  for (ServerConnection* each = first_; each != nullptr;) {
    std::exchange(each, each->next)->drain();
  }
}

void ClientConnections::cut() {
  while (first_ != nullptr) first_->cut();
}

}  // namespace skiff
