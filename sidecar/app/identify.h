#pragma once

#include <string>

#include "base/random.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/http/forwarding.h"
#include "sidecar/observe/series.h"

namespace skiff {

// Says in each request which way it came: an id, who asked, by what; and takes away what only the
// mesh may say where the request came from outside.
class Identify final : public Forwarder {
 public:
  // `own_identity` outlives it.
  Identify(Direction direction, const std::string& own_identity, Random& random, Forwarder& inner)
      : direction_(direction), own_identity_(own_identity), random_(random), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override {
    add_forwarding_fields(direction_ == Direction::gateway, own_identity_, exchange, random_);
    inner_.forward(exchange, reply);
  }

 private:
  const Direction direction_;
  const std::string& own_identity_;
  Random& random_;
  Forwarder& inner_;
};

}  // namespace skiff
