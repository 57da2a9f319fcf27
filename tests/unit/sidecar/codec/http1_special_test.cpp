#include "sidecar/codec/http1_special.h"

#include <gtest/gtest.h>

#include <string>

namespace skiff {
namespace {

TransferCodings codings(std::initializer_list<std::string_view> values) {
  TransferCodings all;
  for (const std::string_view value : values) all.take(value);
  return all;
}

TEST(TransferCodings, AreOnlyChunkedOrSomethingElseOrMalformed) {
  EXPECT_FALSE(codings({}).any());
  EXPECT_TRUE(codings({"chunked"}).only_chunked());
  EXPECT_TRUE(codings({"CHUNKED"}).only_chunked());
  for (const char* value : {"gzip", "gzip, chunked", "identity", "gzip;q=1"}) {
    EXPECT_FALSE(codings({value}).only_chunked()) << value;
    EXPECT_FALSE(codings({value}).malformed()) << value;
  }
  for (const char* value : {"", ",", "chunked,", ",chunked", "chunked, gzip", "chunked, chunked",
                            "chunked;a", "chunked a", "\"chunked\""})
    EXPECT_TRUE(codings({value}).malformed()) << value;
}

TEST(TransferCodings, OfSeveralLinesAreOneList) {
  EXPECT_TRUE(codings({"chunked", "chunked"}).malformed());
  EXPECT_TRUE(codings({"chunked", "gzip"}).malformed());
  EXPECT_FALSE(codings({"gzip", "chunked"}).malformed());
  EXPECT_FALSE(codings({"gzip", "chunked"}).only_chunked());
}

TEST(ContentLength, IsANumberBelow2To63AndNothingElse) {
  std::uint64_t length = 0;
  EXPECT_TRUE(parse_content_length("0", length));
  EXPECT_EQ(length, 0U);
  EXPECT_TRUE(parse_content_length("010", length));
  EXPECT_EQ(length, 10U);
  EXPECT_TRUE(parse_content_length("9223372036854775807", length));
  EXPECT_EQ(length, 9223372036854775807U);
  for (const char* text : {"", "+1", "-1", "1 ", " 1", "1,1", "0x1", "1.0", "9223372036854775808",
                           "9999999999999999999", "18446744073709551616", "00000000000000000001"})
    EXPECT_FALSE(parse_content_length(text, length)) << text;
}

struct Sorted {
  Http1Special special;
  std::string names;  // Of what goes on.
};

Sorted sorted(std::string_view lines) {
  const std::string text = std::string(lines) + "\r\n";
  ScannedFields fields;
  for (const char* at = text.data();;) {
    Field& field = fields.all[fields.count];
    if (scan_field(at, text.data() + text.size(), 8192, field, fields.marks) != LineStatus::field)
      break;
    ++fields.count;
  }
  Arena arena;
  Headers headers;
  Sorted result;
  sort_fields(fields, text.data(), text.data(), arena, result.special, headers);
  for (const Field& field : headers) result.names += std::string(field.name()) + ' ';
  // What points into `text` must not be looked at any more.
  result.special.length = result.special.host = result.special.upgrade = {};
  return result;
}

TEST(SortFields, LetsTheRestGoOnInOrder) {
  const Sorted result = sorted("B: 1\r\nHost: a\r\na: 2\r\nContent-Length: 3\r\nB: 4\r\n");
  EXPECT_EQ(result.names, "B a B ");
  EXPECT_EQ(result.special.hosts, 1U);
  EXPECT_EQ(result.special.lengths, 1U);
}

TEST(SortFields, UnderstandsWhatConnectionSays) {
  const Sorted result = sorted("Connection: Keep-Alive, UPGRADE\r\nConnection: close\r\n");
  EXPECT_TRUE(result.special.keep_alive);
  EXPECT_TRUE(result.special.upgrade_option);
  EXPECT_TRUE(result.special.close);
  EXPECT_EQ(result.special.options, 0U);
}

TEST(SortFields, RemovesWhatConnectionNamesBeforeOrBehindIt) {
  EXPECT_EQ(sorted("a: 1\r\nConnection: A, b\r\nB: 2\r\nc: 3\r\n").names, "c ");
}

TEST(SortFields, KeepsWhatIsProtectedThoughConnectionNamesIt) {
  EXPECT_EQ(
      sorted("Authorization: 1\r\nConnection: authorization, x-skiff-a\r\nX-Skiff-A: 2\r\n").names,
      "Authorization X-Skiff-A ");
}

TEST(SortFields, FindsAMalformedOrEndlessConnectionField) {
  EXPECT_TRUE(sorted("Connection: a b\r\n").special.malformed);
  std::string many = "Connection: ";
  for (int i = 0; i < 33; ++i) many += "a,";
  EXPECT_TRUE(sorted(many + "\r\n").special.malformed);
}

TEST(SortFields, UnderstandsExpectAndTe) {
  EXPECT_TRUE(sorted("Expect: 100-Continue\r\n").special.expects_continue);
  EXPECT_TRUE(sorted("Expect: 100-continue, x\r\n").special.expects_other);
  EXPECT_TRUE(sorted("TE: gzip, Trailers\r\n").special.trailers);
  EXPECT_FALSE(sorted("TE: trailers;q=0\r\n").special.trailers);
}

}  // namespace
}  // namespace skiff
