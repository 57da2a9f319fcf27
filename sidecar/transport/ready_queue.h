#pragma once

#include <boost/asio/detail/scheduler.hpp>

namespace skiff {

// Asio's queue is private; an explicit instantiation may name what is private (C++20, 13.9.2).
// As edge_wait.h for exactly this Boost; docs/decisions/0001.
template <typename Tag, auto Member>
struct PrivateMember {
  friend constexpr auto member_of(Tag) { return Member; }
};

struct OfReadyQueue {
  friend constexpr auto member_of(OfReadyQueue);
};
template struct PrivateMember<OfReadyQueue, &boost::asio::detail::scheduler::op_queue_>;

struct OfReactorTask {
  friend constexpr auto member_of(OfReactorTask);
};
template struct PrivateMember<OfReactorTask, &boost::asio::detail::scheduler::task_operation_>;

// Whether the io_context of `scheduler` knows of nothing else that is ready: the next thing that it
// does is to ask the kernel. Its thread only.
inline bool nothing_ready(boost::asio::detail::scheduler& scheduler) {
  auto& queue = scheduler.*member_of(OfReadyQueue{});
  return queue.empty() || queue.front() == &(scheduler.*member_of(OfReactorTask{}));
}

}  // namespace skiff
