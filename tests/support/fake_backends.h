#pragma once

#include <memory>
#include <vector>

#include "tests/support/fake_backend.h"

namespace skiff {

// A last stage for many requests at once: each has a FakeBackend of its own.
class FakeBackends final : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) override {
    all.push_back(std::make_unique<FakeBackend>());
    all.back()->ready = ready;
    all.back()->request_limit = request_limit;
    all.back()->forward(exchange, reply);
  }

  FakeBackend& operator[](std::size_t index) { return *all.at(index); }
  FakeBackend& last() { return *all.back(); }
  std::size_t requests() const { return all.size(); }

  std::vector<std::unique_ptr<FakeBackend>> all;
  bool ready = true;
  Duration request_limit{};
};

}  // namespace skiff
