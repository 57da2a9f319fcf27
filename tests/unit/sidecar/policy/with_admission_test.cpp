#include "sidecar/policy/with_admission.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// Writes down what it is told.
class Diary final : public Admission {
 public:
  Result<Ticket, Error> admit(TimePoint) override {
    if (refuses) return Error{.kind = ErrorKind::circuit_open};
    told.push_back("admit");
    return ++last_;
  }
  Duration retry_after(TimePoint) const override { return wait; }
  Ticket heard(Ticket ticket, TimePoint) override { return ticket + heads; }
  void answered(Ticket ticket, Outcome outcome, Duration latency, TimePoint) override {
    told.push_back(std::to_string(ticket) + (outcome == Outcome::success ? " good " : " bad ") +
                   std::to_string(latency / 1ms));
  }
  void released(Ticket ticket, TimePoint) override {
    told.push_back(std::to_string(ticket) + " released");
  }

  bool refuses = false;
  Duration wait{};
  Ticket heads = 0;  // Added to a ticket when the head of its answer came.
  std::vector<std::string> told;

 private:
  Ticket last_ = 0;
};

class Held final : public Forwarder {
 public:
  void forward(Exchange&, Reply& reply) override { answer_to = &reply; }
  Reply* answer_to = nullptr;
};

class WithAdmissionTest : public testing::Test {
 protected:
  void send() { layer.forward(exchange, reply); }
  void answer(std::uint16_t status, BodyKind body = BodyKind::length) {
    Response response;
    response.status = status;
    response.body = body;
    inner.answer_to->answered(exchange, response);
  }

  ManualClock clock;
  Diary diary;
  Held inner;
  WithAdmission layer{&diary, clock, inner};
  Exchange exchange;
  RecordingReply reply;
  using Told = std::vector<std::string>;
};

TEST_F(WithAdmissionTest, KeepsTheTicketUntilTheBodyIsOver) {
  send();
  clock.advance(20ms);
  answer(200);
  EXPECT_EQ(diary.told, Told{"admit"});
  clock.advance(1s);
  exchange.finish({});
  EXPECT_EQ(diary.told, (Told{"admit", "1 good 20", "1 released"}));
  EXPECT_EQ(reply.status, 200);
}

TEST_F(WithAdmissionTest, TellsAFailureAtTheHead) {
  send();
  answer(503);
  EXPECT_EQ(diary.told, (Told{"admit", "1 bad 0"}));
  exchange.finish({});
  EXPECT_EQ(diary.told, (Told{"admit", "1 bad 0", "1 released"}));
}

TEST_F(WithAdmissionTest, TellsABodyThatBrokeOffAsAFailure) {
  send();
  answer(200);
  exchange.finish({.kind = ErrorKind::upstream_reset});
  EXPECT_EQ(diary.told, (Told{"admit", "1 bad 0", "1 released"}));
}

TEST_F(WithAdmissionTest, SaysNothingOfAClientThatLeft) {
  send();
  inner.answer_to->failed(exchange, {.kind = ErrorKind::client_gone});
  exchange.finish({.kind = ErrorKind::client_gone});
  EXPECT_EQ(diary.told, (Told{"admit", "1 released"}));
}

TEST_F(WithAdmissionTest, ReleasesAFailedAttemptAtOnceSoThatTheNextIsAskedForAnew) {
  send();
  clock.advance(5ms);
  inner.answer_to->failed(exchange, {.kind = ErrorKind::connect_failed});
  EXPECT_EQ(diary.told, (Told{"admit", "1 bad 5", "1 released"}));
  send();
  answer(204, BodyKind::none);
  exchange.finish({});
  EXPECT_EQ(diary.told,
            (Told{"admit", "1 bad 5", "1 released", "admit", "2 good 0", "2 released"}));
}

TEST_F(WithAdmissionTest, SaysNothingOfAnIdleConnectionThatEnded) {
  send();
  inner.answer_to->failed(exchange, {.kind = ErrorKind::upstream_reset, .reused = true});
  EXPECT_EQ(diary.told, (Told{"admit", "1 released"}));
  exchange.finish({});
}

TEST_F(WithAdmissionTest, DoesNotCallInnerWhereItIsRefused) {
  diary.refuses = true;
  send();
  EXPECT_EQ(inner.answer_to, nullptr);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::circuit_open);
  EXPECT_EQ(reply.errors[0].answer, nullptr);
}

TEST_F(WithAdmissionTest, TellsWhomItRefusesHowLongToWait) {
  diary.refuses = true;
  diary.wait = 7s;
  send();
  ASSERT_EQ(reply.errors.size(), 1u);
  ASSERT_NE(reply.errors[0].answer, nullptr);
  EXPECT_EQ(reply.errors[0].answer->retry_after, 7s);
}

TEST_F(WithAdmissionTest, GoesOnWithTheTicketThatTheHeadOfTheAnswerGave) {
  diary.heads = 10;
  send();
  answer(200);
  exchange.finish({});
  EXPECT_EQ(diary.told, (Told{"admit", "11 good 0", "11 released"}));
}

TEST_F(WithAdmissionTest, LetsAllThroughWithoutAnAdmission) {
  layer.use(nullptr);
  send();
  answer(200);
  exchange.finish({});
  EXPECT_TRUE(diary.told.empty());
  EXPECT_EQ(reply.status, 200);
}

TEST_F(WithAdmissionTest, ReportsToWhoeverAdmittedIt) {
  Diary next;
  send();
  layer.use(&next);
  answer(200);
  exchange.finish({});
  EXPECT_EQ(diary.told, (Told{"admit", "1 good 0", "1 released"}));
  EXPECT_TRUE(next.told.empty());
}

}  // namespace
}  // namespace skiff
