#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <optional>
#include <utility>

namespace skiff::shop {

template <typename T>
boost::asio::awaitable<void> store(boost::asio::awaitable<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

// Runs `task` to its end and answers what it returned. It must wait for nothing from outside.
template <typename T>
T await(boost::asio::awaitable<T> task) {
  boost::asio::io_context io(1);
  std::optional<T> result;
  auto end = boost::asio::co_spawn(io, store(std::move(task), result), boost::asio::use_future);
  io.run();
  end.get();  // Throws what the task threw.
  return *std::move(result);
}

}  // namespace skiff::shop
