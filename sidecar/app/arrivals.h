#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/schema/sidecar.h"
#include "sidecar/app/mesh_identity.h"
#include "sidecar/app/plain_callers.h"
#include "sidecar/app/speaks.h"
#include "sidecar/codec/server_connection.h"
#include "sidecar/listener/detect.h"
#include "sidecar/observe/worker_metrics.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// What a listener takes, as it stands when a connection is accepted.
struct ArrivalRules {
  Protocol protocol = Protocol::http;
  bool only_messages = false;  // With Protocol::detect: what is not HTTP/2 is HTTP/1.
  TlsMode tls = TlsMode::disabled;
  std::uint16_t port = 0;     // Where the client meant to go.
  std::string session_scope;  // TlsRequest::session_scope.

  // Nothing is to be found out: the codec can have the connection at once.
  bool known() const {
    return tls == TlsMode::disabled && protocol != Protocol::detect && protocol != Protocol::tls;
  }
};

// What a client's connection turned out to speak.
struct Arrived {
  TransportPtr transport;
  Peer peer;
  Speaks speaks = Speaks::http1;
  std::string server_name;  // SNI, where TLS is passed on as bytes.
};

// The connections of one listener on one worker that are not yet understood: what they speak is
// found out by their first bytes, and mutual TLS is agreed on where the rules ask for it.
//
//   accepted --first bytes--> TLS --handshake--> (first bytes inside) --> arrived
//                             plain ------------------------------------> arrived
//   anything else, or too late --> closed, counted
class Arrivals final : private Deferred {
 public:
  class Owner {
   public:
    virtual void arrived(Arrived arrived) = 0;

   protected:
    ~Owner() = default;
  };

  // What is named here outlives it.
  struct Context {
    Loop& loop;
    const MeshIdentity& identity;
    const ClientTimeouts& timeouts;
    WorkerMetrics& metrics;
    Generations& generations;
    const std::string& listener;  // Its name, for the log.
  };

  Arrivals(const Context& context, Owner& owner);
  ~Arrivals();

  void add(TransportPtr transport, Peer peer, ArrivalRules rules);
  void cut();  // All close now.
  std::size_t size() const { return under_way_.size(); }

 private:
  class Arrival;

  void done(Arrival& arrival);
  void tell_detected(Sniffed what, std::uint16_t port);
  void tell_refused(TlsFailure failure, const std::string& peer);
  void run_deferred() override;

  const Context context_;
  Owner& owner_;
  PlainCallers plain_callers_;
  std::vector<std::unique_ptr<Arrival>> under_way_;
  std::vector<std::unique_ptr<Arrival>> dead_;
  std::set<std::pair<std::uint16_t, Sniffed>> told_detected_;  // One line in the log each.
  std::array<TimePoint, 16> told_refused_{};                   // By TlsFailure: when last.
};

}  // namespace skiff
