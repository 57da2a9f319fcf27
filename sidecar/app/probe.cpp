#include "sidecar/app/probe.h"

#include <algorithm>
#include <utility>

namespace skiff {

// One of them: an exchange whose client is the sidecar itself.
class Probes::Probe final : private Reply, private BodySink, private BodySource, private Timer {
 public:
  Probe(Probes& probes, Done done)
      : probes_(probes), done_(std::move(done)), exchange_(&probes.exchanges_.take()) {}
  ~Probe() {
    done_ = {};
    give_up();
  }

  void send(Forwarder& endpoint, const ProbeRequest& request) {
    Exchange& exchange = *exchange_;
    fill(request, exchange);
    exchange.started = probes_.loop_.now();
    exchange.client_sink = this;
    exchange.client_source = this;
    exchange.request_ended = true;
    probes_.loop_.arm(*this, probes_.loop_.now() + request.timeout);
    endpoint.forward(exchange, *this);
  }

 private:
  static void fill(const ProbeRequest& asked, Exchange& exchange) {
    Arena& arena = exchange.arena;
    Request& request = exchange.request;
    request.method_name = "GET";
    request.authority = arena.copy(asked.host);
    request.target = arena.copy(asked.path);
    const auto question = request.target.find('?');
    request.path = request.target.substr(0, question);
    if (question != std::string_view::npos) request.query = request.target.substr(question + 1);
    request.headers.add(arena, "user-agent", "skiff-health");
  }

  void informational(Exchange&, Response&) override {}
  void answered(Exchange&, Response& response) override { status_ = response.status; }
  void failed(Exchange&, const Error&) override { over(); }
  void data(std::string_view) override {}
  void end(const Headers&) override { over(); }
  void abort(const Error&) override { over(); }
  bool flush() override { return true; }
  void resume() override {}

  void expired(TimePoint) override {
    status_ = 0;
    give_up();
  }

  void give_up() {
    if (exchange_ == nullptr) return;
    if (exchange_->pending != nullptr) {
      exchange_->pending->fail(*exchange_, {.kind = ErrorKind::timeout_request});
    }
    over();
  }

  void over() {
    if (exchange_ == nullptr) return;
    probes_.loop_.disarm(*this);
    Exchange& exchange = *std::exchange(exchange_, nullptr);
    exchange.finish({});
    probes_.exchanges_.give_back(exchange);
    if (!done_) return;
    std::exchange(done_, {})(status_);
    probes_.ended(*this);
  }

  Probes& probes_;
  Done done_;
  Exchange* exchange_;
  std::uint16_t status_ = 0;
};

Probes::Probes(Loop& loop, Exchanges& exchanges) : loop_(loop), exchanges_(exchanges) {}

Probes::~Probes() {
  under_way_.clear();
  loop_.undefer(*this);
}

void Probes::send(Forwarder& endpoint, const ProbeRequest& request, Done done) {
  Probe& probe = *under_way_.emplace_back(std::make_unique<Probe>(*this, std::move(done)));
  probe.send(endpoint, request);
}

// It is on the stack: destroyed later.
void Probes::ended(Probe& probe) {
  const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                  [&probe](const auto& held) { return held.get() == &probe; });
  dead_.push_back(std::move(*found));
  under_way_.erase(found);
  loop_.defer(*this);
}

void Probes::run_deferred() { dead_.clear(); }

}  // namespace skiff
