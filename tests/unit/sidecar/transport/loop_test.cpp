#include "sidecar/transport/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <string>
#include <vector>

namespace skiff {
namespace {

class Later final : public Deferred {
 public:
  explicit Later(std::function<void()> what) : what_(std::move(what)) {}
  void run_deferred() override { what_(); }

 private:
  std::function<void()> what_;
};

class LoopTest : public testing::Test {
 protected:
  LoopTest() {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    reader_.assign(ends[0]);
    writer_.assign(ends[1]);
  }

  // Within an event, as everything that defers.
  void run(const std::function<void()>& first) {
    boost::asio::post(loop.io(), [&] {
      const Loop::Event event(loop);
      first();
    });
    loop.io().run();
  }
  void listen() {
    reader_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](boost::system::error_code) {
                         const Loop::Event event(loop);
                         told.push_back("ready");
                       });
  }
  void make_ready() { EXPECT_EQ(write(writer_.native_handle(), "x", 1), 1); }

  Loop loop{1};
  std::vector<std::string> told;
  using Told = std::vector<std::string>;

 private:
  boost::asio::posix::stream_descriptor reader_{loop.io()};
  boost::asio::posix::stream_descriptor writer_{loop.io()};
};

TEST_F(LoopTest, RunsWhatIsDeferredAfterTheEventInOrderAndOnce) {
  Later first([&] { told.push_back("first"); });
  Later second([&] { told.push_back("second"); });
  run([&] {
    loop.defer(first);
    loop.defer(second);
    loop.defer(first);
    told.push_back("event");
  });
  EXPECT_EQ(told, (Told{"event", "first", "second"}));
}

TEST_F(LoopTest, WhatIsLeftForTheNextTurnLetsInWhatBecameReady) {
  int turns = 0;
  Later later([&] {
    told.push_back(std::to_string(++turns));
    if (turns == 1) make_ready();
    if (turns < 3) loop.defer_to_next(later);
  });
  run([&] {
    listen();
    loop.defer(later);
  });
  EXPECT_EQ(told, (Told{"1", "ready", "2", "3"}));
}

TEST_F(LoopTest, WhatWasUndeferredDoesNotRun) {
  Later next([&] { told.push_back("next"); });
  Later now([&] { told.push_back("now"); });
  Later other([&] { told.push_back("other"); });
  run([&] {
    loop.defer(now);
    loop.defer_to_next(next);
    loop.defer_to_next(other);
    loop.undefer(now);
    loop.undefer(next);
  });
  EXPECT_EQ(told, Told{"other"});
}

TEST_F(LoopTest, RunsWhatIsDeferredOutsideOfAnyEvent) {
  Later later([&] { told.push_back("later"); });
  loop.defer(later);
  loop.io().run();
  EXPECT_EQ(told, Told{"later"});
}

}  // namespace
}  // namespace skiff
