#pragma once

#include <cstdint>
#include <memory>

#include "sidecar/codec/server_connection.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// The clients' connections of one listener on one worker.
class ClientConnections final : public ServerConnectionOwner, private Deferred {
 public:
  // Told what happens, for the metrics and the access log.
  class Watcher {
   public:
    virtual void opened() = 0;
    virtual void closed() = 0;
    virtual void refused(const Exchange& exchange, ErrorKind kind) = 0;

   protected:
    ~Watcher() = default;
  };

  ClientConnections(Loop& loop, Watcher& watcher) : loop_(loop), watcher_(watcher) {}
  ~ClientConnections();

  void add(std::unique_ptr<ServerConnection> connection);
  void drain();  // Each closes when it is done; those added later, too.
  void cut();    // All close now.
  std::size_t size() const { return size_; }

 private:
  void closed(ServerConnection& connection) override;
  void refused(const Exchange& exchange, ErrorKind kind) override {
    watcher_.refused(exchange, kind);
  }
  void run_deferred() override;

  Loop& loop_;
  Watcher& watcher_;
  ServerConnection* first_ = nullptr;
  ServerConnection* dead_ = nullptr;
  std::size_t size_ = 0;
  bool draining_ = false;
};

}  // namespace skiff
