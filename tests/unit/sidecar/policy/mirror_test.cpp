#include "sidecar/policy/mirror.h"

#include <string>

#include "config/schema/retry.h"
#include "tests/support/fake_backends.h"
#include "tests/support/fake_client.h"
#include "tests/support/loop_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

class MirrorTest : public test::LoopFixture {
 protected:
  MirrorTest() { begin(); }
  ~MirrorTest() override { exchange.finish({}); }

  void begin() {
    Request& request = exchange.request;
    request.method = Method::get;
    request.method_name = "GET";
    request.authority = "product";
    request.target = "/a?b=c";
    request.path = "/a";
    request.query = "b=c";
    exchange.client_sink = &client;
    exchange.client_source = &client;
    exchange.request_ended = true;
  }
  void begin_anew() {
    exchange.finish({});
    begin();
  }
  void add(std::string_view name, std::string_view value) {
    exchange.request.headers.add(exchange.arena, name, value);
  }
  void has_body_of(std::uint64_t size) {
    exchange.request.method = Method::post;
    exchange.request.method_name = "POST";
    exchange.request.body = BodyKind::length;
    exchange.request.content_length = size;
    exchange.request_ended = false;
  }
  void body_comes(std::string_view text, bool whole) {
    exchange.keep_for_replay(text);
    exchange.request_ended = whole;
  }
  bool send() {
    Exchange* const copy = mirrors.copy(exchange, counts);
    Reply& to = copy == nullptr ? reply : mirrors.follow(exchange, reply, *copy, mirror, counts);
    primary.forward(exchange, to);
    return copy != nullptr;
  }
  void answer() {
    primary[0].answers(200, "ok");
    turn();
  }
  std::string field(std::string_view name) {
    const Field* const found = mirror.last().exchange().request.headers.find(name);
    return found == nullptr ? "none" : std::string(found->value());
  }
  std::string outcomes() const {
    return std::to_string(counts.answered) + " answered, " + std::to_string(counts.failed) +
           " failed, " + std::to_string(counts.not_whole) + " not whole, " +
           std::to_string(counts.too_many) + " too many";
  }

  Exchanges exchanges;
  Exchange exchange;
  FakeClient client;
  RecordingReply reply;
  FakeBackends primary;
  FakeBackends mirror;
  MirrorCounts counts;
  OwnCalls own_calls{loop, exchanges};
  Mirrors mirrors{own_calls};
};

TEST_F(MirrorTest, SendsACopyWhenTheRequestHasItsAnswer) {
  add("x-user", "ann");
  ASSERT_TRUE(send());
  turn();
  EXPECT_EQ(mirror.requests(), 0U);
  answer();
  ASSERT_EQ(mirror.requests(), 1U);
  EXPECT_EQ(mirror[0].method, "GET");
  EXPECT_EQ(mirror[0].target, "/a?b=c");
  EXPECT_EQ(mirror[0].authority, "product");
  EXPECT_EQ(mirror[0].exchange().request.query, "b=c");
  EXPECT_EQ(field("x-user"), "ann");
  mirror[0].answers(500, "oh");
  EXPECT_EQ(outcomes(), "1 answered, 0 failed, 0 not whole, 0 too many");
  EXPECT_EQ(*reply.status, 200);
  EXPECT_EQ(client.body, "ok");
}

TEST_F(MirrorTest, OutlivesTheRequest) {
  std::string value = "ann";
  add("x-user", value);
  send();
  primary[0].answers(200, "ok");
  exchange.finish({});
  value = "ben";
  turn();
  EXPECT_EQ(field("x-user"), "ann");
}

TEST_F(MirrorTest, SendsACopyOfWhatFailsOrIsGivenUp) {
  send();
  primary[0].breaks({.kind = ErrorKind::connect_failed});
  turn();
  EXPECT_EQ(mirror.requests(), 1U);
  EXPECT_EQ(reply.errors.size(), 1U);
  begin_anew();
  turn();
  EXPECT_EQ(mirror.requests(), 1U) << "once";

  send();
  exchange.finish({});
  turn();
  EXPECT_EQ(mirror.requests(), 2U);
}

TEST_F(MirrorTest, ACopySaysWhatItIsAndIsTheFirstToBeShed) {
  add("x-skiff-criticality", "critical");
  add("x-skiff-deadline-ms", "7");
  add("grpc-timeout", "7m");
  send();
  answer();
  EXPECT_EQ(field("x-skiff-mirror"), "1");
  EXPECT_EQ(field("x-skiff-criticality"), "sheddable");
  EXPECT_EQ(mirror[0].exchange().criticality, Criticality::sheddable);
  EXPECT_EQ(field("x-skiff-deadline-ms"), "none");
  EXPECT_EQ(field("grpc-timeout"), "none");
  EXPECT_EQ(mirror[0].exchange().retry->attempts, 0U);
}

TEST_F(MirrorTest, NeitherACopyNorASidecarsRetryIsCopied) {
  add("x-skiff-mirror", "1");
  EXPECT_FALSE(send());
  exchange.request.headers.clear();
  add("x-skiff-attempt", "2");
  EXPECT_FALSE(send());
  exchange.request.headers.clear();
  exchange.request.upgrade = "websocket";
  EXPECT_FALSE(send());
  exchange.request.upgrade = {};
  exchange.request.version = Version::bytes;
  EXPECT_FALSE(send());
  EXPECT_FALSE(counts.is_used());
}

TEST_F(MirrorTest, CopiesABodyThatIsAtHand) {
  has_body_of(6);
  send();
  body_comes("abc", false);
  body_comes("def", true);
  answer();
  turn();
  EXPECT_EQ(mirror[0].body, "abcdef");
  EXPECT_TRUE(mirror[0].body_ended);
  EXPECT_EQ(mirror[0].exchange().request.content_length, 6U);
}

TEST_F(MirrorTest, ABodyOfUnknownLengthIsSentWithItsLength) {
  has_body_of(0);
  exchange.request.body = BodyKind::chunked;
  send();
  body_comes("abc", true);
  answer();
  turn();
  EXPECT_EQ(mirror[0].body, "abc");
  EXPECT_EQ(mirror[0].exchange().request.body, BodyKind::length);
  EXPECT_EQ(mirror[0].exchange().request.content_length, 3U);
}

TEST_F(MirrorTest, DoesNotCopyABodyThatIsNotAtHand) {
  has_body_of(6);
  send();
  body_comes("abc", false);
  answer();
  EXPECT_EQ(mirror.requests(), 0U);
  begin_anew();
  turn();
  EXPECT_EQ(mirror.requests(), 0U);
  EXPECT_EQ(outcomes(), "0 answered, 0 failed, 1 not whole, 0 too many");

  has_body_of(Replay::limit + 1);
  send();
  body_comes(std::string(Replay::limit + 1, 'x'), true);
  primary[1].answers(200, "ok");
  turn();
  EXPECT_EQ(mirror.requests(), 0U);
  EXPECT_EQ(outcomes(), "0 answered, 0 failed, 2 not whole, 0 too many");
}

TEST_F(MirrorTest, ThatHangsHoldsSoManyCopiesAndNoMore) {
  for (std::size_t i = 0; i < Mirrors::most; ++i) ASSERT_TRUE(send());
  EXPECT_FALSE(send());
  EXPECT_EQ(counts.too_many, 1U);
  begin_anew();
  turn();
  ASSERT_EQ(mirror.requests(), Mirrors::most);
  EXPECT_FALSE(send());
  mirror[7].breaks({.kind = ErrorKind::upstream_reset});
  turn();
  EXPECT_TRUE(send());
  pass(Mirrors::longest);
  EXPECT_EQ(counts.failed, Mirrors::most);
}

TEST_F(MirrorTest, ThatHangsHoldsSoManyBytesAndNoMore) {
  constexpr std::size_t fit = Mirrors::most_bytes / Replay::limit;
  for (std::size_t i = 0; i < fit + 1; ++i) {
    has_body_of(Replay::limit);
    ASSERT_TRUE(send());
    body_comes(std::string(Replay::limit, 'x'), true);
    primary[i].answers(200, "ok");
    begin_anew();
    turn();
  }
  EXPECT_EQ(mirror.requests(), fit);
  EXPECT_EQ(counts.too_many, 1U);
  mirror[0].answers(200, "ok");
  has_body_of(1);
  send();
  body_comes("x", true);
  primary.last().answers(200, "ok");
  turn();
  EXPECT_EQ(mirror.requests(), fit + 1);
}

TEST_F(MirrorTest, GetsTheTimeOfItsTargetsPolicy) {
  mirror.request_limit = 200ms;
  send();
  answer();
  pass(100ms);
  EXPECT_EQ(counts.failed, 0U);
  pass(200ms);
  EXPECT_EQ(mirror[0].failed_with, ErrorKind::timeout_request);
  EXPECT_EQ(outcomes(), "0 answered, 1 failed, 0 not whole, 0 too many");
}

TEST_F(MirrorTest, OneRequestMayHaveSeveral) {
  Exchange* const one = mirrors.copy(exchange, counts);
  Reply& first = mirrors.follow(exchange, reply, *one, mirror, counts);
  Exchange* const other = mirrors.copy(exchange, counts);
  primary.forward(exchange, mirrors.follow(exchange, first, *other, mirror, counts));
  answer();
  EXPECT_EQ(mirror.requests(), 2U);
  EXPECT_EQ(*reply.status, 200);
}

}  // namespace
}  // namespace skiff
