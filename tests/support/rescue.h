#pragma once

#include "sidecar/http/forwarder.h"

namespace skiff {

// A stage that lets no failure through: it answers itself, or asks `other` where there is one.
class Rescue final : public Forwarder {
 public:
  explicit Rescue(Forwarder& inner, Forwarder* other = nullptr) : inner_(inner), other_(other) {}

  void forward(Exchange& exchange, Reply& reply) override {
    inner_.forward(exchange, *exchange.arena.make<RescuingReply>(reply, other_));
  }

 private:
  class RescuingReply final : public PassingReply {
   public:
    RescuingReply(Reply& outer, Forwarder* other) : PassingReply(outer), other_(other) {}

    void failed(Exchange& exchange, const Error& error) override {
      if (about(error.kind).source == ErrorSource::client) return outer_.failed(exchange, error);
      if (other_ != nullptr) return other_->forward(exchange, outer_);
      Response response;
      response.status = 200;
      response.reason_phrase = "Rescued";
      answer_without_body(exchange, outer_, response);
    }

   private:
    Forwarder* other_;
  };

  Forwarder& inner_;
  Forwarder* const other_;
};

}  // namespace skiff
