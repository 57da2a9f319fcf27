#include "sidecar/transport/tls_queue.h"

#include "sidecar/transport/tls_context.h"

namespace skiff {

void TlsQueue::enter(TlsQueueUser& user) {
  waiting_.push_back(&user);
  loop_.defer(*this);
}

void TlsQueue::leave(TlsQueueUser& user) { std::erase(waiting_, &user); }

void TlsQueue::run_deferred() {
  const TlsContextPtr kept = owner_.shared_from_this();  // The last handshake may let go of it.
  for (int i = 0; i < most_per_turn && !waiting_.empty(); ++i) {
    TlsQueueUser& user = *waiting_.front();
    waiting_.pop_front();
    user.compute();
  }
  if (!waiting_.empty()) loop_.defer(*this);
}

}  // namespace skiff
