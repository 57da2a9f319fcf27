#pragma once

#include "base/random.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/http/forwarding.h"
#include "sidecar/observe/series.h"

namespace skiff {

// Says in each request which way it came: an id, who asked, by what; and takes away what only the
// mesh may say where the request came from outside.
class Identify final : public Forwarder {
 public:
  Identify(Direction direction, Random& random, Forwarder& inner)
      : direction_(direction), random_(random), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    add_forwarding_fields(direction_ == Direction::gateway, exchange, random_);
    inner_.forward(exchange, reply);
  }

 private:
  const Direction direction_;
  Random& random_;
  Forwarder& inner_;
};

}  // namespace skiff
