#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/schema/sidecar.h"
#include "sidecar/app/policy_watch.h"
#include "sidecar/observe/counters.h"
#include "sidecar/transport/tls.h"

namespace skiff {

// Who this sidecar proves to be and whom it believes: the files of its identity, read again
// whenever they change. Files that cannot be used are refused in the log; what was in force stays.
// Used by the control thread.
class Credentials final {
 public:
  using Apply = std::function<void(const TlsMaterial& material)>;

  // `config` outlives it; `apply` puts a material in force at all workers. `counters` are the
  // control thread's.
  Credentials(const IdentityConfig& config, CounterSet& counters, Apply apply);

  bool load();  // False: refused, and error() says why.
  void watch(boost::asio::io_context& io);

  const LeafInfo& leaf() const { return leaf_; }  // In force.
  const std::vector<std::string>& trust_domains() const { return trust_domains_; }
  const std::string& error() const { return error_; }  // Of the last load(); empty: it was good.

 private:
  bool refuse(std::string error);

  const IdentityConfig& config_;
  CounterSet& counters_;
  Apply apply_;
  LeafInfo leaf_;
  std::vector<std::string> trust_domains_;
  std::uint64_t in_force_ = 0;  // Hash of the files' texts, to see whether anything changed.
  std::string error_;
  std::vector<std::unique_ptr<PolicyWatch>> watches_;
};

}  // namespace skiff
