#include "sidecar/app/arrivals.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr Duration refusals_told_every = 10s;
constexpr std::size_t most_told = 1'024;  // Ports and what is spoken there.

// What a sidecar agrees on with its callers; the empty text at the end: nothing at all will do.
std::vector<std::string> accepted_protocols(Protocol protocol) {
  const char* const http2 = alpn_of(Speaks::http2);
  const char* const http1 = alpn_of(Speaks::http1);
  const char* const bytes = alpn_of(Speaks::bytes);
  if (carries_messages(protocol)) return {http2, http1, ""};
  if (protocol == Protocol::detect) return {http2, bytes, http1, ""};
  return {bytes, ""};
}

// What was found out, as a counter, for the log, and for the codec.
struct Finding {
  CounterId counter;
  std::string_view word;
  Speaks speaks;
};

Finding about(Sniffed what) {
  switch (what) {
    case Sniffed::tls:
      return {CounterId::detected_tls, "TLS", Speaks::bytes};
    case Sniffed::http1:
      return {CounterId::detected_http1, "HTTP/1", Speaks::http1};
    case Sniffed::http2:
      return {CounterId::detected_http2, "HTTP/2", Speaks::http2};
    case Sniffed::unknown:
      return {CounterId::detected_bytes, "bytes", Speaks::bytes};
    case Sniffed::more:
      break;
  }
  return {CounterId::detected_nothing, "bytes", Speaks::bytes};
}

}  // namespace

// One of them.
class Arrivals::Arrival final : private Detection::Done, private TlsHandshake::Done {
 public:
  Arrival(Arrivals& arrivals, TransportPtr transport, Peer peer, ArrivalRules rules)
      : arrivals_(arrivals),
        transport_(std::move(transport)),
        peer_(std::move(peer)),
        rules_(std::move(rules)) {
    look();
  }

  std::size_t slot = 0;

 private:
  // A client of HTTP speaks first, and soon; of bytes nobody knows who does, but one of TLS does
  // also on the ports of servers that speak first.
  void look() {
    const ClientTimeouts& timeouts = arrivals_.context_.timeouts;
    const bool may_be_ours = !secured_ && rules_.tls != TlsMode::disabled;
    Duration limit = timeouts.detect;
    if (may_be_ours && rules_.tls == TlsMode::strict) limit = timeouts.tls_handshake;
    if (carries_messages(rules_.protocol) || rules_.only_messages) limit = timeouts.request_headers;
    const std::uint16_t port = may_be_ours ? std::uint16_t{0} : rules_.port;
    detection_ = begin_detection(arrivals_.context_.loop, *transport_,
                                 {.limit = limit, .port = port}, *this);
  }

  void detected(const Detected& found) override {
    detection_.reset();
    found.what == Sniffed::tls ? detected_tls(found.hello) : detected_plain(found.what);
  }

  void detected_tls(const ClientHello& hello) {
    if (is_for_us(hello)) return secure();
    if (!secured_ && rules_.tls == TlsMode::strict) return refuse_plain();
    const bool is_lost = carries_messages(rules_.protocol) || rules_.only_messages;
    if (is_lost) return give_up();  // TLS to a plain port.
    if (rules_.protocol == Protocol::detect) arrivals_.tell_detected(Sniffed::tls, rules_.port);
    arrive(Speaks::bytes, hello.server_name);
  }

  // Where the application might speak TLS itself, a sidecar is known by what it offers.
  bool is_for_us(const ClientHello& hello) const {
    if (secured_ || rules_.tls == TlsMode::disabled) return false;
    if (rules_.tls == TlsMode::strict || carries_messages(rules_.protocol)) return true;
    return std::find(hello.protocols.begin(), hello.protocols.end(), alpn_mesh) !=
           hello.protocols.end();
  }

  void detected_plain(Sniffed what) {
    if (!secured_ && rules_.tls == TlsMode::strict) return refuse_plain();
    if (!secured_ && rules_.tls == TlsMode::permissive) {
      arrivals_.context_.metrics.counters[CounterId::plaintext_accepted].add();
      arrivals_.plain_callers_.count(peer_.address);
    }
    if (rules_.protocol != Protocol::detect) return arrive(declared(rules_.protocol), {});
    if (rules_.only_messages && what != Sniffed::http2) what = Sniffed::http1;
    arrivals_.tell_detected(what, rules_.port);
    arrive(about(what).speaks, {});
  }

  void secure() {
    const Context& context = arrivals_.context_;
    if (context.identity.tls == nullptr) return not_secured(TlsFailure::broken);
    handshake_ = begin_tls(context.loop, context.identity.tls, std::move(transport_),
                           {.role = TlsRequest::Role::server,
                            .protocols = accepted_protocols(rules_.protocol),
                            .identities = {},
                            .session_scope = rules_.session_scope,
                            .timeout = context.timeouts.tls_handshake},
                           *this);
  }

  void secured(TransportPtr transport) override {
    arrivals_.context_.metrics.handshakes.of(TlsRequest::Role::server, TlsFailure::none).add();
    transport_ = std::move(transport);
    secured_ = true;
    const std::string_view agreed = transport_->agreed_protocol();
    for (const Speaks each : {Speaks::http2, Speaks::http1, Speaks::bytes}) {
      if (agreed == alpn_of(each)) return arrive(each, {});
    }
    if (rules_.protocol == Protocol::detect || rules_.protocol == Protocol::tls) return look();
    arrive(declared(rules_.protocol), {});
  }

  void not_secured(TlsFailure failure) override {
    arrivals_.tell_refused(failure, peer_.address);
    arrivals_.done(*this);
  }

  void refuse_plain() {
    arrivals_.context_.metrics.counters[CounterId::plaintext_refused].add();
    arrivals_.plain_callers_.count(peer_.address);
    log::debug(Component::listener, {{"client", peer_.address}}, "{}: plain text refused",
               arrivals_.context_.listener);
    give_up();
  }

  void give_up() {
    transport_.reset();
    arrivals_.done(*this);
  }

  void arrive(Speaks speaks, std::string server_name) {
    arrivals_.done(*this);
    arrivals_.owner_.arrived(
        {std::move(transport_), std::move(peer_), speaks, std::move(server_name)});
  }

  Arrivals& arrivals_;
  TransportPtr transport_;
  Peer peer_;
  const ArrivalRules rules_;
  std::unique_ptr<Detection> detection_;
  std::unique_ptr<TlsHandshake> handshake_;
  bool secured_ = false;
};

Arrivals::Arrivals(const Context& context, Owner& owner)
    : context_(context),
      owner_(owner),
      plain_callers_(context.generations, context.metrics.named.plaintext) {}

Arrivals::~Arrivals() { context_.loop.undefer(*this); }

void Arrivals::add(TransportPtr transport, Peer peer, ArrivalRules rules) {
  auto arrival =
      std::make_unique<Arrival>(*this, std::move(transport), std::move(peer), std::move(rules));
  arrival->slot = under_way_.size();
  under_way_.push_back(std::move(arrival));
}

void Arrivals::cut() { under_way_.clear(); }

// It is on the stack: destroyed later.
void Arrivals::done(Arrival& arrival) {
  const std::size_t slot = arrival.slot;
  dead_.push_back(std::move(under_way_[slot]));
  if (slot + 1 < under_way_.size()) {
    under_way_[slot] = std::move(under_way_.back());
    under_way_[slot]->slot = slot;
  }
  under_way_.pop_back();
  context_.loop.defer(*this);
}

void Arrivals::run_deferred() { dead_.clear(); }

void Arrivals::tell_detected(Sniffed what, std::uint16_t port) {
  const Finding found = about(what);
  context_.metrics.counters[found.counter].add();
  if (told_detected_.size() >= most_told || !told_detected_.emplace(port, what).second) return;
  const std::string where = port == 0 ? std::string() : fmt::format(" to port {}", port);
  log::info(Component::listener, "{}: a client speaks {}{}", context_.listener, found.word, where);
}

void Arrivals::tell_refused(TlsFailure failure, const std::string& peer) {
  context_.metrics.handshakes.of(TlsRequest::Role::server, failure).add();
  TimePoint& told = told_refused_.at(static_cast<std::size_t>(failure));
  const TimePoint now = context_.loop.now();
  const bool again = told != TimePoint{} && now - told < refusals_told_every;
  log::write(Component::listener, again ? log::Level::debug : log::Level::info,
             {{"client", peer}, {"reason", about(error_kind(failure)).reason}},
             "{}: a client's TLS was refused", context_.listener);
  if (!again) told = now;
}

}  // namespace skiff
