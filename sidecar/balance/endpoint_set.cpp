#include "sidecar/balance/endpoint_set.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>
#include <utility>

#include "base/hash.h"

namespace skiff {
namespace {

// When the endpoints of the first update were added: no slow start is that long.
constexpr TimePoint long_ago = TimePoint{} - std::chrono::hours(24 * 365);

std::unique_ptr<Endpoint> make_endpoint(const KnownEndpoint& spec, double cost_ns,
                                        TimePoint added_at, TimePoint now) {
  auto endpoint = std::make_unique<Endpoint>();
  endpoint->hash = stable_hash(spec.address);
  endpoint->added = added_at;
  endpoint->cost_ns = static_cast<float>(cost_ns);
  endpoint->cost_at = now;
  return endpoint;
}

}  // namespace

EndpointSet::EndpointSet(const LoadBalancingConfig& config, const SlowStartConfig& slow_start,
                         std::string_view own_zone)
    : config_(config),
      slow_start_(slow_start),
      estimate_(config),
      own_zone_(own_zone),
      balancer_(make_balancer(config, slow_start)) {}

EndpointSet::~EndpointSet() = default;

void EndpointSet::update(EndpointSpecs specs, TimePoint now,
                         const std::function<void(Endpoint&)>& added,
                         const std::function<void(Endpoint&)>& removed) {
  if (!first_update_ && specs == specs_) return take_equal(std::move(specs));
  const double cost_ns = cost_of_new(now);
  const TimePoint added_at = std::exchange(first_update_, false) ? long_ago : now;
  const EndpointSpecs old_specs = std::exchange(specs_, std::move(specs));
  Endpoints old = std::exchange(endpoints_, {});
  std::unordered_map<std::string_view, std::size_t> old_index;
  for (std::size_t i = 0; i < old.size(); ++i) old_index.emplace(old_specs[i].address, i);

  std::vector<Endpoint*> fresh;
  endpoints_.reserve(specs_.size());
  for (const KnownEndpoint& spec : specs_) {
    const auto at = old_index.find(spec.address);
    const bool is_new = at == old_index.end();
    endpoints_.push_back(is_new ? make_endpoint(spec, cost_ns, added_at, now)
                                : std::move(old[at->second]));
    Endpoint& endpoint = *endpoints_.back();
    take_spec(endpoint, spec);
    if (is_new) fresh.push_back(&endpoint);
  }
  const std::size_t first_removed = removed_.size();
  for (std::size_t i = 0; i < old.size(); ++i)
    if (old[i] != nullptr) remove(std::move(old[i]), old_specs);
  rebuild(now);

  for (Endpoint* endpoint : fresh) added(*endpoint);
  for (std::size_t i = first_removed; i < removed_.size(); ++i) removed(*removed_[i].endpoint);
}

// Nothing is rebuilt: a table of hashes costs milliseconds. The copy in use is the plan's, so that
// there is only one.
void EndpointSet::take_equal(EndpointSpecs specs) {
  specs_ = std::move(specs);
  for (std::size_t i = 0; i < endpoints_.size(); ++i) endpoints_[i]->spec = &specs_[i];
}

// The mean of what the others need, at most initialRtt.
double EndpointSet::cost_of_new(TimePoint now) const {
  const double most = static_cast<double>(Duration(config_.initial_rtt).count());
  if (endpoints_.empty()) return most;
  double sum = 0;
  for (const auto& endpoint : endpoints_) sum += estimate_.cost(*endpoint, now);
  return std::min(most, sum / static_cast<double>(endpoints_.size()));
}

// The same of those that may be chosen.
double EndpointSet::cost_in_use(TimePoint now) const {
  const double most = static_cast<double>(Duration(config_.initial_rtt).count());
  if (usable_.empty()) return most;
  double sum = 0;
  for (Endpoint* const endpoint : usable_) sum += estimate_.cost(*endpoint, now);
  return std::min(most, sum / static_cast<double>(usable_.size()));
}

void EndpointSet::take_spec(Endpoint& endpoint, const KnownEndpoint& spec) const {
  endpoint.spec = &spec;
  endpoint.weight = spec.weight;
  endpoint.in_zone = own_zone_.empty() || spec.zone == own_zone_;
}

void EndpointSet::remove(std::unique_ptr<Endpoint> endpoint, const EndpointSpecs& specs) {
  removed_.push_back({std::move(endpoint), specs});
}

void EndpointSet::configure(const LoadBalancingConfig& config, const SlowStartConfig& slow_start,
                            TimePoint now) {
  if (config == config_ && slow_start == slow_start_) return;
  config_ = config;
  slow_start_ = slow_start;
  estimate_ = PeakEwma(config);
  balancer_ = make_balancer(config, slow_start);
  rebuild(now);
}

void EndpointSet::set_healthy(std::string_view address, bool healthy, TimePoint now) {
  const std::uint64_t hash = stable_hash(address);
  for (const auto& endpoint : endpoints_) {
    if (endpoint->hash != hash || endpoint->spec->address != address) continue;
    if (std::exchange(endpoint->healthy, healthy) != healthy) rebuild(now);
    return;
  }
}

void EndpointSet::set_ejected(std::span<const std::string> addresses, TimePoint now) {
  const double cost_ns = cost_in_use(now);
  bool has_changed = false;
  for (const auto& endpoint : endpoints_) {
    const bool ejected =
        std::binary_search(addresses.begin(), addresses.end(), endpoint->spec->address);
    if (std::exchange(endpoint->ejected, ejected) == ejected) continue;
    has_changed = true;
    if (ejected) continue;
    endpoint->cost_ns = static_cast<float>(cost_ns);
    endpoint->cost_at = now;
  }
  if (has_changed) rebuild(now);
}

void EndpointSet::ended(Endpoint& endpoint) {
  assert(endpoint.in_flight > 0);
  --endpoint.in_flight;
}

void EndpointSet::forget_removed() {
  std::erase_if(removed_, [](const Removed& r) { return r.endpoint->in_flight == 0; });
}

bool EndpointSet::none_accepts() const { return std::ranges::all_of(usable_, &Endpoint::refuses); }

void EndpointSet::rebuild(TimePoint now) {
  choose_usable();
  balancer_->rebuild(usable_, now);
}

Availability EndpointSet::availability() const {
  Availability everywhere;
  for (const auto& endpoint : endpoints_) {
    if (endpoint->weight > 0) everywhere.count(*endpoint);
  }
  return everywhere;
}

void EndpointSet::choose_usable() {
  const Availability everywhere = availability();
  Availability in_zone;
  for (const auto& endpoint : endpoints_) {
    if (endpoint->weight > 0 && endpoint->in_zone) in_zone.count(*endpoint);
  }
  panics_ = everywhere.is_below(config_.panic_threshold);
  const bool only_zone = !panics_ && config_.zone_spill.value > 0 && in_zone.available > 0 &&
                         !in_zone.is_below(config_.zone_spill);
  usable_.clear();
  usable_.reserve(endpoints_.size());
  for (const auto& endpoint : endpoints_) {
    if (endpoint->weight == 0 || (!panics_ && !endpoint->is_available())) continue;
    if (!only_zone || endpoint->in_zone) usable_.push_back(endpoint.get());
  }
}

}  // namespace skiff
