#include "sidecar/transport/tls.h"

#include <gtest/gtest.h>

#include "tests/support/tls_pair.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using test::certificate_epoch;
using test::Issued;
using test::one_day;
using test::TestAuthority;
using test::TlsPair;

class Tls : public testing::Test {
 protected:
  TlsContextPtr context(const TlsMaterial& material) {
    return make_tls_context(loop_, material, [this] { return now_; });
  }
  TlsContextPtr context(const std::string& service) { return context(shop_.material(service)); }

  void connect(TlsPair& pair) {
    pair.begin(context("cart"), context("order"));
    pair.run();
    ASSERT_TRUE(pair.is_secured()) << pair.client.detail << "; " << pair.server.detail;
  }

  ManualClock clock_;
  Loop loop_{1, &clock_};
  std::int64_t now_ = certificate_epoch;
  const TestAuthority shop_{"shop.local"};
};

TEST_F(Tls, SecuresBothSides) {
  TlsPair pair(loop_);
  connect(pair);
  EXPECT_EQ(pair.client.transport->peer_identity(), "spiffe://shop.local/ns/shop/sa/order");
  EXPECT_EQ(pair.server.transport->peer_identity(), "spiffe://shop.local/ns/shop/sa/cart");
  EXPECT_EQ(pair.client.transport->agreed_protocol(), "");

  EXPECT_TRUE(pair.client.send("GET / HTTP/1.1\r\n\r\n"));
  pair.run();
  EXPECT_EQ(pair.server.got, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(pair.server.send("HTTP/1.1 204 No Content\r\n\r\n"));
  pair.run();
  EXPECT_EQ(pair.client.got, "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(Tls, SaysNothingWithinTheCallThatBegins) {
  TlsPair pair(loop_);
  pair.begin(context("cart"), context("order"));
  EXPECT_TRUE(pair.pipe.to_server().log.empty());
}

TEST_F(Tls, WorksByteByByte) {
  TlsPair pair(loop_);
  pair.pipe.to_client().per_turn = pair.pipe.to_server().per_turn = 1;
  connect(pair);
  EXPECT_TRUE(pair.client.send("request"));
  EXPECT_TRUE(pair.server.send("answer"));
  pair.run();
  EXPECT_EQ(pair.server.got, "request");
  EXPECT_EQ(pair.client.got, "answer");
}

TEST_F(Tls, ReadsWhatCameWithTheHandshake) {
  TlsPair pair(loop_);
  pair.begin(context("cart"), context("order"));
  while (pair.client.transport == nullptr) pair.step();
  EXPECT_TRUE(pair.client.send("early"));  // In one flight with the client's Finished.
  pair.run();
  EXPECT_EQ(pair.server.got, "early");
}

TEST_F(Tls, SendsASmallMessageAsOneRecordByOneCall) {
  TlsPair pair(loop_);
  connect(pair);
  pair.pipe.to_server().log.clear();
  pair.pipe.to_server().sends = 0;
  std::string head(300, 'h');
  std::string body(1024, 'b');
  const iovec pieces[] = {{head.data(), head.size()}, {body.data(), body.size()}};
  EXPECT_EQ(pair.client.transport->send(pieces).size, head.size() + body.size());
  EXPECT_EQ(pair.pipe.to_server().sends, 1);
  const std::size_t record = 5 + head.size() + body.size() + 1 + 16;
  EXPECT_EQ(pair.pipe.to_server().log.size(), record);

  pair.run();
  EXPECT_EQ(pair.server.got, head + body);
}

TEST_F(Tls, ReadsTheTransportOnceForAShortMessage) {
  TlsPair pair(loop_);
  connect(pair);
  EXPECT_TRUE(pair.client.send("ping"));
  pair.server.transport->set_user(pair.client);  // Nobody reads but this test.
  pair.pipe.deliver();
  pair.pipe.to_server().receives = 0;
  char buffer[1000];
  const IoResult got = pair.server.transport->receive(buffer, sizeof buffer);
  EXPECT_EQ(got.size, 4u);
  EXPECT_EQ(pair.pipe.to_server().receives, 1);
  pair.server.transport.reset();
}

TEST_F(Tls, GathersPiecesIntoFullRecords) {
  TlsPair pair(loop_);
  connect(pair);
  std::string expected;
  for (int i = 0; i < 200000; ++i) expected.push_back(static_cast<char>(i * 7 + i / 256));
  for (const std::size_t cut : {1, 300, 16384, 16385, 40000, 65536, 70000}) {
    pair.pipe.to_server().log.clear();
    pair.server.got.clear();
    const iovec pieces[] = {{expected.data(), cut}, {expected.data() + cut, expected.size() - cut}};
    std::size_t sent = pair.client.transport->send(pieces).size;
    while (sent < expected.size()) {
      ASSERT_TRUE(sent % 16384 == 0) << sent;
      const iovec rest{expected.data() + sent, expected.size() - sent};
      sent += pair.client.transport->send({&rest, 1}).size;
      pair.run();
    }
    pair.run();
    EXPECT_EQ(pair.server.got, expected) << cut;
    EXPECT_EQ(pair.pipe.to_server().log.size(), expected.size() + 13 * 22) << cut;
  }
}

TEST_F(Tls, GivesAShortReadOnlyWhenNothingIsLeft) {
  TlsPair pair(loop_);
  connect(pair);
  for (const std::size_t size : {1, 100, 5000, 16384, 50000}) {
    pair.server.read_size = size;
    pair.server.got.clear();
    const std::string text(60000, 'x');
    EXPECT_TRUE(pair.client.send(text));
    pair.run();
    EXPECT_EQ(pair.server.got, text) << size;
  }
}

TEST_F(Tls, KeepsWhatTheKernelRefusesAndSendsItLater) {
  TlsPair pair(loop_);
  connect(pair);
  pair.pipe.to_server().capacity = 10000;
  const std::string text(64 * 1024, 'x');
  EXPECT_TRUE(pair.client.send(text));
  EXPECT_FALSE(pair.client.send("more")) << "the first is not out yet";
  pair.client.transport->wait_writable();
  EXPECT_EQ(pair.client.writables, 0);
  pair.run();
  EXPECT_EQ(pair.client.writables, 1);
  EXPECT_EQ(pair.server.got, text);
  EXPECT_TRUE(pair.client.send("more"));
  pair.run();
  EXPECT_EQ(pair.server.got, text + "more");
}

TEST_F(Tls, GivesLittleToAPeerThatDoesNotKeepUp) {
  TlsPair pair(loop_);
  connect(pair);
  pair.pipe.to_server().capacity = 1000;
  std::string text(1024 * 1024, 'x');
  const iovec piece{text.data(), text.size()};
  EXPECT_EQ(pair.client.transport->send({&piece, 1}).size, 64u * 1024);
  pair.run();
  EXPECT_EQ(pair.client.transport->send({&piece, 1}).size, 16u * 1024);
  pair.run();
  pair.pipe.to_server().capacity = std::string::npos;
  std::size_t largest = 0;
  for (int i = 0; i < 10; ++i) {
    largest = pair.client.transport->send({&piece, 1}).size;
    pair.run();
  }
  EXPECT_EQ(largest, 256u * 1024);
}

TEST_F(Tls, EndsWhatItSendsAndStillReads) {
  TlsPair pair(loop_);
  connect(pair);
  EXPECT_TRUE(pair.client.send("last words"));
  pair.client.transport->end_sending();
  pair.run();
  EXPECT_EQ(pair.server.got, "last words");
  EXPECT_EQ(pair.server.last.kind, IoResult::Kind::end);
  EXPECT_FALSE(pair.client.send("more"));

  EXPECT_TRUE(pair.server.send("answer"));
  pair.run();
  EXPECT_EQ(pair.client.got, "answer");
  pair.server.transport.reset();
  pair.run();
  EXPECT_EQ(pair.client.last.kind, IoResult::Kind::end) << "closing says close_notify";
}

TEST_F(Tls, TakesACutLineForAnError) {
  TlsPair pair(loop_);
  connect(pair);
  EXPECT_TRUE(pair.client.send("half a bo"));
  pair.pipe.to_server().fin = true;  // No close_notify.
  pair.run();
  EXPECT_EQ(pair.server.got, "half a bo");
  EXPECT_EQ(pair.server.last.kind, IoResult::Kind::error);
}

// A peer that refuses the connection as soon as it knows who called: its tickets and the end are
// one edge, and the tickets are nothing that receive() could give.
TEST_F(Tls, SeesAnEndThatCameTogetherWithTickets) {
  TlsPair pair(loop_);
  TlsRequest request;
  request.session_scope = "inbound";
  pair.begin(context("cart"), context("order"), {}, request);
  while (pair.server.transport == nullptr) {
    loop_.io().restart();
    if (loop_.io().poll() == 0) pair.pipe.deliver();
  }
  ASSERT_FALSE(pair.pipe.to_client().flight.empty());
  pair.pipe.to_client().fin = true;
  pair.run();
  EXPECT_EQ(pair.client.got, "");
  EXPECT_EQ(pair.client.last.kind, IoResult::Kind::error);
}

TEST_F(Tls, TakesAForgedRecordForAnError) {
  TlsPair pair(loop_);
  connect(pair);
  EXPECT_TRUE(pair.client.send("genuine"));
  pair.pipe.to_server().flight.back() ^= 1;
  pair.run();
  EXPECT_EQ(pair.server.got, "");
  EXPECT_EQ(pair.server.last.kind, IoResult::Kind::error);
  EXPECT_EQ(pair.server.last.error, EPROTO);
}

TEST_F(Tls, DoesNotPassAResetForAnEnd) {
  TlsPair pair(loop_);
  connect(pair);
  pair.client.transport->reset();
  pair.client.transport.reset();
  pair.run();
  pair.server.readable();
  EXPECT_EQ(pair.server.last.kind, IoResult::Kind::error);
}

TEST_F(Tls, LingersUntilWhatItTookIsOut) {
  TlsPair pair(loop_);
  connect(pair);
  pair.pipe.to_server().capacity = 1000;
  const std::string text(60000, 'x');
  EXPECT_TRUE(pair.client.send(text));
  pair.client.transport.reset();
  pair.run();
  EXPECT_EQ(pair.server.got, text);
  EXPECT_EQ(pair.server.last.kind, IoResult::Kind::end);
}

TEST_F(Tls, LingersNoLongerThanItsTime) {
  TlsPair pair(loop_);
  connect(pair);
  pair.pipe.to_server().capacity = 1000;
  pair.pipe.to_server().per_turn = 0;
  EXPECT_TRUE(pair.client.send(std::string(60000, 'x')));
  pair.client.transport.reset();
  pair.run();
  EXPECT_FALSE(pair.pipe.to_server().cut);
  clock_.advance(6s);
  loop_.run_due();
  EXPECT_TRUE(pair.pipe.to_server().cut);
}

TEST_F(Tls, KnowsWhatWasAcknowledgedBehindAMark) {
  TlsPair pair(loop_);
  connect(pair);
  Transport& client = *pair.client.transport;
  EXPECT_FALSE(client.acknowledged_beyond(0)) << "the handshake does not count";
  EXPECT_TRUE(pair.client.send("first"));
  EXPECT_FALSE(client.acknowledged_beyond(0));
  pair.run();
  EXPECT_TRUE(client.acknowledged_beyond(0));
  EXPECT_TRUE(pair.client.send("second"));
  EXPECT_FALSE(client.acknowledged_beyond(5));
  EXPECT_FALSE(client.acknowledged_beyond(11));
  EXPECT_TRUE(client.acknowledged_beyond(6)) << "no mark: nothing is proved";
  pair.pipe.to_server().per_turn = 1;
  pair.pipe.deliver();
  EXPECT_TRUE(client.acknowledged_beyond(5));
}

TEST_F(Tls, AgreesOnAProtocol) {
  struct Case {
    std::vector<std::string> client;
    std::vector<std::string> server;
    std::string agreed;  // `-`: refused.
  };
  const Case cases[] = {
      {{"h2", "http/1.1"}, {"h2", "http/1.1"}, "h2"},
      {{"h2", "http/1.1"}, {"http/1.1", "h2"}, "http/1.1"},
      {{"http/1.1"}, {"h2", "http/1.1"}, "http/1.1"},
      {{"h2"}, {"http/1.1", ""}, ""},
      {{"h2"}, {"http/1.1"}, "-"},
      {{}, {"h2"}, "-"},
      {{}, {"h2", ""}, ""},
      {{"h2"}, {}, ""},
  };
  for (const Case& c : cases) {
    TlsPair pair(loop_);
    TlsRequest client;
    TlsRequest server;
    client.protocols = c.client;
    server.protocols = c.server;
    pair.begin(context("cart"), context("order"), client, server);
    pair.run();
    EXPECT_EQ(pair.is_secured(), c.agreed != "-");
    if (!pair.is_secured()) {
      EXPECT_EQ(pair.client.failure, TlsFailure::broken);
      EXPECT_EQ(pair.server.failure, TlsFailure::broken);
      continue;
    }
    EXPECT_EQ(pair.client.transport->agreed_protocol(), c.agreed);
    EXPECT_EQ(pair.server.transport->agreed_protocol(), c.agreed);
  }
}

TEST_F(Tls, ChecksTheServersIdentityBeforeAnyRequest) {
  TlsRequest request;
  request.identities = {shop_.id_of("payment"), shop_.id_of("user")};
  TlsPair pair(loop_);
  pair.begin(context("cart"), context("order"), request);
  pair.run();
  EXPECT_EQ(pair.client.failure, TlsFailure::wrong_identity);
  EXPECT_EQ(pair.client.detail, "it is spiffe://shop.local/ns/shop/sa/order");
  EXPECT_EQ(pair.server.failure, TlsFailure::broken);
  EXPECT_NE(pair.server.detail.find("alert bad certificate"), std::string::npos)
      << pair.server.detail;

  TlsPair other(loop_);
  request.identities.push_back(shop_.id_of("order"));
  other.begin(context("cart"), context("order"), request);
  other.run();
  EXPECT_TRUE(other.is_secured());
}

TEST_F(Tls, TellsThePeerWhyByAlert) {
  const TlsMaterial order = shop_.material("order");
  const TestAuthority stranger("shop.local");
  TlsMaterial foreign = stranger.material("cart");
  foreign.bundles = {shop_.bundle()};
  TlsPair pair(loop_);
  pair.begin(context(foreign), context(order));
  pair.run();
  EXPECT_EQ(pair.server.failure, TlsFailure::unknown_root);
  ASSERT_NE(pair.client.transport, nullptr) << "of TLS 1.3, the client's side is over first";
  EXPECT_EQ(pair.client.last.kind, IoResult::Kind::error);

  now_ += 2 * one_day;  // The server is found expired by the client.
  TlsPair late(loop_);
  late.begin(context(order), context(order));
  late.run();
  EXPECT_EQ(late.client.failure, TlsFailure::expired);
  EXPECT_EQ(late.client.detail, "the leaf expired at 2026-01-02T00:00:00Z");
  EXPECT_NE(late.server.detail.find("alert certificate expired"), std::string::npos)
      << late.server.detail;
}

TEST_F(Tls, ReachesFederatedDomains) {
  const TestAuthority partner("partner.example");
  TlsPair pair(loop_);
  pair.begin(context(shop_.material("cart", {partner.bundle()})),
             context(partner.material("stock", {shop_.bundle()})));
  pair.run();
  ASSERT_TRUE(pair.is_secured());
  EXPECT_EQ(pair.client.transport->peer_identity(), "spiffe://partner.example/ns/shop/sa/stock");
}

TEST_F(Tls, RefusesWhatIsNoTls13) {
  const std::string inputs[] = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      std::string("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11),  // A hello of SSL 2.
      std::string(20000, '\x16'),
      std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10),
  };
  for (const std::string& input : inputs) {
    TlsPair pair(loop_);
    pair.server.begin(context("order"), pair.pipe.server(), {});
    pair.pipe.to_server().flight = input;
    pair.pipe.to_server().fin = true;
    pair.run();
    EXPECT_EQ(pair.server.failure, TlsFailure::broken);
    EXPECT_EQ(pair.pipe.to_client().log.find("GET"), std::string::npos);
    EXPECT_LE(pair.pipe.to_client().log.size(), 7u) << "an alert and no echo";
  }
}

TEST_F(Tls, ReadsNoMoreThan64KiBBeforeItIsOver) {
  TlsPair pair(loop_);
  pair.server.begin(context("order"), pair.pipe.server(), {});
  std::string hello("\x16\x03\x01\x40\x00\x01\x01\xff\xff", 9);  // A ClientHello of 128 KiB.
  hello.append(16384 - 4, '\0');
  for (int i = 0; i < 20; ++i) hello.append("\x16\x03\x01\x40\x00", 5).append(16384, '\0');
  pair.pipe.to_server().flight = hello;
  pair.run();
  EXPECT_EQ(pair.server.failure, TlsFailure::broken);
  EXPECT_LE(hello.size() - pair.pipe.to_server().arrived.size(), 64u * 1024);
}

TEST_F(Tls, GivesUpOnWhoIsSilent) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{100}}) {
    TlsPair pair(loop_);
    pair.pipe.to_server().per_turn = 0;
    pair.begin(context("cart"), context("order"));
    pair.run();
    pair.pipe.to_server().arrived = pair.pipe.to_server().log.substr(0, bytes);
    pair.pipe.to_server().read_edge = true;
    pair.run();
    clock_.advance(4900ms);
    loop_.run_due();
    EXPECT_EQ(pair.server.failure, TlsFailure::none);
    clock_.advance(200ms);
    loop_.run_due();
    EXPECT_EQ(pair.server.failure, TlsFailure::timed_out);
    EXPECT_EQ(pair.client.failure, TlsFailure::timed_out);
  }
}

TEST_F(Tls, LetsEstablishedTrafficPassAStormOfHandshakes) {
  const auto client = context("cart");
  const auto server = context("order");
  TlsPair old(loop_);
  old.begin(client, server);
  old.run();
  ASSERT_TRUE(old.is_secured());

  std::vector<std::unique_ptr<TlsPair>> storm;
  for (int i = 0; i < 200; ++i) {
    storm.push_back(std::make_unique<TlsPair>(loop_));
    storm.back()->begin(client, server);
  }
  int turns = 0;
  std::size_t done_at_first_answer = 0;
  const auto done = [&] {
    return static_cast<std::size_t>(
        std::ranges::count_if(storm, [](const auto& pair) { return pair->is_secured(); }));
  };
  while (done() < storm.size()) {
    ASSERT_LT(++turns, 5000);
    if (turns % 10 == 0) {
      EXPECT_TRUE(old.client.send("ping"));
    }
    loop_.io().restart();
    loop_.io().poll_one();
    old.pipe.deliver();
    for (const auto& pair : storm) pair->pipe.deliver();
    EXPECT_EQ(old.server.got.size(), static_cast<std::size_t>(turns / 10) * 4)
        << "read in the turn in which it came";
    if (turns == 20) done_at_first_answer = done();
  }
  EXPECT_LT(done_at_first_answer, 20u) << "a few a turn";
}

TEST_F(Tls, KnowsAVerifiedChainNoLongerThanItLives) {
  const auto client = context("cart");
  const auto server = context("order");
  for (int i = 0; i < 3; ++i) {
    TlsPair pair(loop_);
    pair.begin(client, server);
    pair.run();
    EXPECT_TRUE(pair.is_secured());
  }
  now_ += one_day + 61;
  TlsPair late(loop_);
  late.begin(client, server);
  late.run();
  EXPECT_EQ(late.client.failure, TlsFailure::expired);
}

TEST_F(Tls, EndsWithItsHandshake) {
  TlsPair pair(loop_);
  pair.begin(context("cart"), context("order"));
  pair.client.handshake.reset();
  pair.run();
  EXPECT_EQ(pair.client.failure, TlsFailure::none);
  EXPECT_EQ(pair.server.failure, TlsFailure::broken);
}

}  // namespace
}  // namespace skiff
