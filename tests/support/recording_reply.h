#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sidecar/http/forwarder.h"

namespace skiff {

// A Reply that a test can look at.
class RecordingReply final : public Reply {
 public:
  void informational(Exchange&, Response& response) override { interim.push_back(response.status); }
  void answered(Exchange&, Response& response) override {
    status = response.status;
    upgrade = response.upgrade;
    for (const Field& field : response.headers)
      fields.append(field.name()).append(": ").append(field.value()).append("\n");
  }
  void failed(Exchange&, const Error& error) override { errors.push_back(error); }

  std::vector<std::uint16_t> interim;
  std::optional<std::uint16_t> status;
  std::string upgrade;
  std::string fields;  // `name: value` lines.
  std::vector<Error> errors;
};

}  // namespace skiff
