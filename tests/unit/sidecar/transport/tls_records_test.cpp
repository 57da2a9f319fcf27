#include "sidecar/transport/tls_records.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "sidecar/transport/tls_buffers.h"

namespace skiff {
namespace {

std::unique_ptr<TlsRecordKey> key(char which, bool to_seal, std::uint64_t sequence = 0) {
  TlsSecret secret;
  secret.size = 32;
  secret.bytes.fill(static_cast<unsigned char>(which));
  return std::make_unique<TlsRecordKey>(EVP_aes_128_gcm(), EVP_sha256(), secret, sequence, to_seal);
}

// A client's records, whose server is the test.
class TlsRecordsTest : public testing::Test {
 protected:
  ~TlsRecordsTest() override { tls_buffers().staged = 0; }

  // One record of the server, of any content.
  std::string record(TlsContent content, std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    std::string to(text.size() + TlsRecordKey::overhead, '\0');
    to.resize(server_seals_->seal(content, {&piece, 1}, to.data()));
    return to;
  }

  struct Content {
    TlsContent content;
    std::string_view text;
  };
  std::string records(std::initializer_list<Content> contents) {
    std::string all;
    for (const Content& one : contents) all += record(one.content, one.text);
    return all;
  }

  // What is read of `input`, as far as it goes.
  std::string read(std::string_view input, std::size_t size = 20000) {
    std::string to(size, '\0');
    rest_ = input;
    to.resize(records_.read(rest_, to.data(), size));
    return to;
  }

  // What the client has staged, opened: content, `:` and text of each record.
  std::string sent() {
    TlsBuffers& buffers = tls_buffers();
    std::string_view staged(buffers.out.get(), std::exchange(buffers.staged, 0));
    std::string all;
    std::string to(20000, '\0');
    while (!staged.empty()) {
      const std::size_t size =
          5 + static_cast<unsigned char>(staged[3]) * 256u + static_cast<unsigned char>(staged[4]);
      const auto opened = server_opens_->open(staged.substr(0, size), to.data());
      if (!opened) return all + "(forged)";
      all += std::to_string(opened->content) + ":" + to.substr(0, opened->size) + " ";
      if (opened->content == 22) server_opens_->renew();
      staged.remove_prefix(size);
    }
    return all;
  }

  // Whether the client breaks off because of one record, and with which alert.
  int alert_for(TlsContent content, std::string_view text) {
    EXPECT_EQ(read(record(content, text)), "");
    EXPECT_TRUE(records_.failed());
    const std::string alert = sent();
    return alert.starts_with("21:\2") ? static_cast<unsigned char>(alert[4]) : -1;
  }

  std::unique_ptr<TlsRecordKey> server_seals_ = key('s', true);
  std::unique_ptr<TlsRecordKey> server_opens_ = key('c', false);
  TlsRecords records_{key('s', false), key('c', true), true};
  std::string_view rest_;
};

using namespace std::string_literals;
using namespace std::string_view_literals;

// Of what comes while somebody only looks, one record is opened, however often he does.
TEST_F(TlsRecordsTest, LooksAtWhatIsReadLater) {
  const std::string input = records({{TlsContent::data, "hello"}, {TlsContent::data, " you"}});
  std::string_view rest = input;
  for (int i = 0; i < 3; ++i) {
    records_.look(rest);
    EXPECT_EQ(records_.kept(), "hello");
  }
  EXPECT_EQ(read(rest), "hello you");
}

TEST_F(TlsRecordsTest, SeesNothingInPartOfARecord) {
  const std::string input = record(TlsContent::data, "hello");
  std::string_view part = std::string_view(input).substr(0, input.size() - 1);
  records_.look(part);
  EXPECT_EQ(records_.kept(), "");
  EXPECT_EQ(part.size(), input.size() - 1);
}

TEST_F(TlsRecordsTest, ReadsAcrossRecordsAndKeepsWhatHasNoRoom) {
  const std::string input =
      records({{TlsContent::data, "hello "}, {TlsContent::data, "world"}}) + "\x17\x03";
  EXPECT_EQ(read(input, 8), "hello wo");
  EXPECT_EQ(records_.kept(), "rld");
  EXPECT_EQ(rest_, "\x17\x03");
  EXPECT_EQ(read(rest_, 2), "rl");
  EXPECT_EQ(read(rest_), "d");
  EXPECT_EQ(rest_, "\x17\x03") << "no whole record";
}

TEST_F(TlsRecordsTest, EndsWithCloseNotify) {
  EXPECT_EQ(
      read(records(
          {{TlsContent::data, "last"}, {TlsContent::alert, "\1\0"sv}, {TlsContent::data, "more"}})),
      "last");
  EXPECT_TRUE(records_.ended());
  EXPECT_FALSE(records_.failed());
}

TEST_F(TlsRecordsTest, BreaksOffAtAnAlertInSilence) {
  EXPECT_EQ(read(record(TlsContent::alert, "\1\x5a")), "");  // user_canceled means nothing.
  EXPECT_FALSE(records_.failed());
  EXPECT_EQ(read(record(TlsContent::alert, "\2\x28")), "");
  EXPECT_TRUE(records_.failed());
  EXPECT_FALSE(records_.ended());
  EXPECT_EQ(sent(), "");
}

TEST_F(TlsRecordsTest, SaysItsEndOnce) {
  records_.say_close_notify();
  EXPECT_EQ(sent(), "21:\1\0 "s);
  records_.say_close_notify();
  EXPECT_EQ(sent(), "");
  EXPECT_FALSE(records_.seal({}));
}

TEST_F(TlsRecordsTest, TakesNewKeysAndGivesItsOwn) {
  const std::string update = record(TlsContent::handshake, "\x18\0\0\1\1"sv);
  server_seals_->renew();
  EXPECT_EQ(read(update + record(TlsContent::data, "new")), "new");
  char text[] = "mine";
  const iovec piece{text, 4};
  EXPECT_TRUE(records_.seal({&piece, 1}));
  EXPECT_EQ(sent(), "22:\x18\0\0\1\0 23:mine "s);
}

TEST_F(TlsRecordsTest, TakesMessagesInPiecesAndDropsTickets) {
  const std::string ticket = "\4\0\0\x0a"s + "0123456789";
  const std::string two = ticket.substr(7) + ticket;
  EXPECT_EQ(read(records({{TlsContent::handshake, std::string_view(ticket).substr(0, 2)},
                          {TlsContent::handshake, std::string_view(ticket).substr(2, 5)},
                          {TlsContent::handshake, two},
                          {TlsContent::data, "data"}})),
            "data");
  EXPECT_FALSE(records_.failed());
  EXPECT_EQ(sent(), "");
}

TEST_F(TlsRecordsTest, TakesNoDataWithinAMessage) {
  EXPECT_EQ(read(record(TlsContent::handshake, "\4\0"sv)), "");
  EXPECT_EQ(alert_for(TlsContent::data, "data"), 10);
}

TEST_F(TlsRecordsTest, TakesNoOtherMessage) {
  EXPECT_EQ(alert_for(TlsContent::handshake, "\1\0\0\0"sv), 10);
}
TEST_F(TlsRecordsTest, TakesNoEmptyMessage) { EXPECT_EQ(alert_for(TlsContent::handshake, ""), 10); }
TEST_F(TlsRecordsTest, TakesNoEndlessMessage) {
  EXPECT_EQ(alert_for(TlsContent::handshake, "\4\1\0\1"sv), 50);
}
TEST_F(TlsRecordsTest, TakesNoKeysWithinARecord) {
  EXPECT_EQ(alert_for(TlsContent::handshake, "\x18\0\0\1\0\4"sv), 10);
}
TEST_F(TlsRecordsTest, TakesNoKeysOfAnotherForm) {
  EXPECT_EQ(alert_for(TlsContent::handshake, "\x18\0\0\1\2"sv), 47);
}
TEST_F(TlsRecordsTest, TakesNoAlertOfAnotherForm) {
  EXPECT_EQ(alert_for(TlsContent::alert, "\1"), 50);
}
TEST_F(TlsRecordsTest, TakesNoOtherContent) {
  EXPECT_EQ(alert_for(static_cast<TlsContent>(24), "heartbeat"), 10);
}

TEST_F(TlsRecordsTest, TakesNoTicketAsAServer) {
  TlsRecords server(key('s', false), key('c', true), false);
  const std::string ticket = record(TlsContent::handshake, "\4\0\0\0"sv);
  std::string_view input = ticket;
  char to[100];
  EXPECT_EQ(server.read(input, to, sizeof to), 0u);
  EXPECT_TRUE(server.failed());
}

TEST_F(TlsRecordsTest, TakesSomeEmptyRecordsInARow) {
  for (int i = 0; i < 32; ++i) EXPECT_EQ(read(record(TlsContent::data, "")), "");
  EXPECT_EQ(read(record(TlsContent::data, "x")), "x");
  for (int i = 0; i < 32; ++i) EXPECT_EQ(read(record(TlsContent::data, "")), "");
  EXPECT_EQ(alert_for(TlsContent::data, ""), 10);
}

TEST_F(TlsRecordsTest, TakesNothingThatIsForgedOrTooLong) {
  std::string forged = record(TlsContent::data, "data");
  forged.back() = static_cast<char>(forged.back() ^ 1);
  EXPECT_EQ(read(forged), "");
  EXPECT_TRUE(records_.failed());
  EXPECT_EQ(sent(), "21:\2\x14 ");

  for (const std::string_view header : {"\x17\3\3\x41\1"sv, "\x16\3\3\0\x20"sv, "GET /"sv}) {
    TlsRecords records(key('s', false), key('c', true), true);
    std::string_view input = header;
    char to[10];
    EXPECT_EQ(records.read(input, to, sizeof to), 0u);
    EXPECT_TRUE(records.failed()) << "at once, not when it is whole";
    tls_buffers().staged = 0;
  }
}

TEST_F(TlsRecordsTest, ChangesItsKeysBeforeTheyWearOut) {
  constexpr std::uint64_t worn = std::uint64_t{1} << 23;
  TlsRecords records(key('s', false), key('c', true, worn), true);
  server_opens_ = key('c', false, worn);
  char text[] = "data";
  const iovec piece{text, 4};
  EXPECT_TRUE(records.seal({&piece, 1}));
  EXPECT_TRUE(records.seal({&piece, 1}));
  EXPECT_EQ(sent(), "22:\x18\0\0\1\0 23:data 23:data "s);
}

}  // namespace
}  // namespace skiff
