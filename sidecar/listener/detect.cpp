#include "sidecar/listener/detect.h"

#include <utility>

namespace skiff {
namespace {

class Look final : public Detection, private TransportUser, private Timer, private Deferred {
 public:
  Look(Loop& loop, Transport& transport, const DetectionSettings& settings, Done& done)
      : loop_(loop), transport_(transport), settings_(settings), done_(done), begun_(loop.now()) {
    transport_.set_user(*this);
    loop_.arm(*this, begun_ + settings.limit);
    loop_.defer(*this);
  }
  ~Look() override { loop_.undefer(*this); }

 private:
  void writable() override {}
  void readable() override {
    loop_.refresh_now();
    look();
  }
  void run_deferred() override {
    if (server_speaks_first(settings_.port)) return decide();
    look();
  }
  void expired(TimePoint now) override;

  void look();
  void look_at(std::string_view bytes);
  void decide();

  Loop& loop_;
  Transport& transport_;
  const DetectionSettings settings_;
  Done& done_;
  const TimePoint begun_;
  bool may_be_tls_ = false;
  Detected found_;
};

void Look::look() {
  char* const buffer = loop_.read_buffer();
  const IoResult seen = transport_.peek(buffer, ClientHello::most_bytes);
  if (seen.kind == IoResult::Kind::again) return transport_.wait_readable();
  if (seen.kind != IoResult::Kind::done) return decide();
  look_at({buffer, seen.size});
}

void Look::look_at(std::string_view bytes) {
  const Sniffed what = sniff(bytes);
  if (what == Sniffed::more) {
    may_be_tls_ = bytes[0] == 0x16;
    return transport_.wait_readable();
  }
  found_.what = what;
  if (what != Sniffed::tls) return decide();
  found_.hello = read_client_hello(bytes);
  if (found_.hello.status != ClientHello::Status::more) return decide();
  loop_.arm(*this, begun_ + settings_.hello_limit);
  transport_.wait_readable();
}

void Look::expired(TimePoint now) {
  // A client of TLS that was cut off after so few bytes gets the time of a handshake, too.
  if (may_be_tls_) found_.what = Sniffed::tls;
  if (found_.what == Sniffed::tls && now < begun_ + settings_.hello_limit) {
    return loop_.arm(*this, begun_ + settings_.hello_limit);
  }
  found_.in_time = false;
  decide();
}

void Look::decide() {
  loop_.disarm(*this);
  loop_.undefer(*this);
  const Detected found = std::move(found_);  // Whoever is told may destroy this.
  done_.detected(found);
}

}  // namespace

std::unique_ptr<Detection> begin_detection(Loop& loop, Transport& transport,
                                           const DetectionSettings& settings,
                                           Detection::Done& done) {
  return std::make_unique<Look>(loop, transport, settings, done);
}

}  // namespace skiff
