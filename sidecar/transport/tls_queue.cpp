#include "sidecar/transport/tls_queue.h"

#include <thread>

#include "sidecar/transport/tls_context.h"
#include "sidecar/transport/tls_library.h"

namespace skiff {

void TlsQueue::enter(TlsQueueUser& user) {
  waiting_.push_back(&user);
  loop_.defer(*this);
}

void TlsQueue::leave(TlsQueueUser& user) { std::erase(waiting_, &user); }

void TlsQueue::run_deferred() {
  const TlsContextPtr kept = owner_.shared_from_this();  // The last handshake may let go of it.
  const UseTlsLibrary use;
  if (waiting_.empty()) return;
  TlsQueueUser& user = *waiting_.front();
  waiting_.pop_front();
  user.compute();
  std::this_thread::yield();
  if (!waiting_.empty()) loop_.defer_to_next(*this);
}

}  // namespace skiff
