#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/admin_server.h"
#include "base/admin_table.h"
#include "config/schema/sidecar.h"
#include "sidecar/app/credentials.h"
#include "sidecar/app/policies.h"
#include "sidecar/app/shutdown.h"
#include "sidecar/app/worker.h"
#include "sidecar/observe/metrics.h"

namespace skiff {

// What the admin pages show and change; outlives them.
struct AdminContext {
  boost::asio::io_context& io;
  const SidecarConfig& config;
  Metrics& metrics;
  Policies& policies;
  std::vector<std::unique_ptr<Worker>>& workers;
  Shutdown& shutdown;
  const std::unique_ptr<Credentials>& credentials;  // Null: there is no identity.
  PolicyStates& states;
  const Clock& clock;
};

// The sidecar's own pages, for its operator and for probes, on loopback unless configured
// otherwise.
class AdminPages final {
 public:
  explicit AdminPages(const AdminContext& context);

  bool open();  // False: it cannot listen; the log says why.
  void set_ready() { is_ready_ = true; }

 private:
  AdminAnswer ready() const;
  AdminAnswer config() const;
  AdminAnswer routes() const;
  AdminAnswer endpoints() const;
  AdminAnswer certificates() const;
  AdminAnswer drain();

  AdminContext context_;
  AdminTable table_;
  std::unique_ptr<AdminServer> server_;
  bool is_ready_ = false;
};

}  // namespace skiff
