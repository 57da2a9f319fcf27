#include "sidecar/http/exchange.h"

namespace skiff {

void Exchange::finish(const Error& error) {
  while (hooks != nullptr) {
    EndHook* hook = hooks;
    hooks = hook->next;
    hook->ended(*this, error);
  }
  request = {};
  marks = {};
  client_address = {};
  hash = 0;
  client_sink = backend_sink = nullptr;
  client_source = backend_source = nullptr;
  pending = nullptr;
  deadlines = {};
  replay = {};
  request_ended = false;
  arena.reset();
}

}  // namespace skiff
