#include "sidecar/codec/http1_scan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace skiff {
namespace {

bool is_in_value(int byte) { return byte == '\t' || (byte >= 0x20 && byte != 0x7f); }

TEST(FindValueEnd, FindsEachByteThatNoValueMayHoldWhereverItStands) {
  for (std::size_t size : {1U, 15U, 16U, 17U, 40U}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        const std::size_t wanted = is_in_value(byte) ? size : at;
        ASSERT_EQ(find_value_end(text.data(), text.data() + size), text.data() + wanted)
            << byte << " at " << at << " of " << size;
      }
    }
  }
}

struct Line {
  LineStatus status;
  Field field{};
  std::uint8_t marks = 0;
  std::size_t used = 0;
};

// `text` is kept alive by the caller: the field points into it.
Line scan(const std::string& text, std::size_t line_bytes = 100) {
  Line line;
  const char* at = text.data();
  line.status = scan_field(at, at + text.size(), line_bytes, line.field, line.marks);
  line.used = static_cast<std::size_t>(at - text.data());
  return line;
}

TEST(ScanField, FindsNameAndValue) {
  const std::string text = "X-Forwarded-For: 1.2.3.4\r\nX";
  const Line line = scan(text);
  EXPECT_EQ(line.status, LineStatus::field);
  EXPECT_EQ(line.field.name(), "X-Forwarded-For");
  EXPECT_EQ(line.field.value(), "1.2.3.4");
  EXPECT_EQ(line.field.id, FieldId::x_forwarded_for);
  EXPECT_EQ(line.used, text.size() - 1);
  EXPECT_EQ(line.field.line_end(), text.data() + line.used);
  EXPECT_TRUE(line.field.is_line);
}

TEST(ScanField, TakesSpacesAroundTheValueAway) {
  for (const char* text :
       {"X:y z\r\n", "X:  y z\r\n", "X:\ty z\r\n", "X: y z \r\n", "X: \t y z\t \r\n"}) {
    const std::string kept = text;
    const Line line = scan(kept);
    EXPECT_EQ(line.field.value(), "y z") << text;
    EXPECT_FALSE(line.field.is_line) << text;
  }
}

TEST(ScanField, KnowsALineWithoutAValue) {
  const std::string bare = "X:\r\n";
  const std::string spaced = "X: \r\n";
  EXPECT_EQ(scan(bare).field.value(), "");
  EXPECT_FALSE(scan(bare).field.is_line);
  EXPECT_TRUE(scan(spaced).field.is_line);
}

TEST(ScanField, MarksUnderscoresOfNamesOnly) {
  EXPECT_EQ(scan("a_long_name_with_underscores: b\r\n").marks, underscore);
  EXPECT_EQ(scan("a-long-name: b_c\r\n").marks, 0);
}

TEST(ScanField, EndsAtTheEmptyLine) {
  EXPECT_EQ(scan("\r\nX").status, LineStatus::end);
  EXPECT_EQ(scan("\r\nX").used, 2U);
  EXPECT_EQ(scan("\r").status, LineStatus::more);
  EXPECT_EQ(scan("\rX").status, LineStatus::bad);
}

TEST(ScanField, AcceptsTheBytesOfATokenForANameAndNoOthers) {
  const std::string_view special = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool token = letter || (byte != 0 && special.find(c) != std::string_view::npos);
    if (c == ':') continue;
    for (const char* rest : {"b: c\r\n", "bcdefghijklmnopqrstuvw: c\r\n"}) {
      const std::string text = std::string("a") + c + rest;
      EXPECT_EQ(scan(text).status == LineStatus::field, token) << byte;
    }
  }
}

TEST(ScanField, AllowsALineOfExactlyTheLimit) {
  EXPECT_EQ(scan("X: 3456789\r\n", 10).status, LineStatus::field);
  EXPECT_EQ(scan("X: 34567890\r\n", 10).status, LineStatus::too_long);
  EXPECT_EQ(scan("X: 34567890", 10).status, LineStatus::too_long) << "before its end is there";
  EXPECT_EQ(scan("X2345678901", 10).status, LineStatus::too_long);
  EXPECT_EQ(scan("X: 3456789", 10).status, LineStatus::more);
}

TEST(Scanner, GivesALineToBeReadFromMemoryThatEndsWithIt) {
  const std::string_view text = "GET /x HTTP/1.1\r\nA: b\r\n\r\n";
  const auto exact = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), exact.get());
  Http1Scanner scanner({exact.get(), text.size()}, {});
  RequestLine line;
  ScannedFields fields;
  ASSERT_TRUE(scanner.request_line(line));
  ASSERT_TRUE(scanner.fields(fields));
  EXPECT_EQ(line.method, "GET");
  EXPECT_EQ(line.target, "/x");
  EXPECT_EQ(fields.count, 1U);
  EXPECT_EQ(scanner.at(), exact.get() + text.size());
}

TEST(Scanner, NeverTakesMoreFieldsThanItHasRoomFor) {
  std::string text = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 2000; ++i) text += "X:\r\n";
  Http1Scanner scanner(text, {.header_count = 100'000});
  RequestLine line;
  ScannedFields fields;
  ASSERT_TRUE(scanner.request_line(line));
  EXPECT_FALSE(scanner.fields(fields));
  EXPECT_EQ(scanner.verdict().error, ErrorKind::bad_request_too_many_headers);
}

TEST(Scanner, ReadsAStatusLineWithAndWithoutAPhrase) {
  for (const char* text :
       {"HTTP/1.0 204\r\n", "HTTP/1.0 204 \r\n", "HTTP/1.0 204 No Content\r\n"}) {
    Http1Scanner scanner(text, {});
    StatusLine line;
    ASSERT_TRUE(scanner.status_line(line)) << text;
    EXPECT_EQ(line.status, 204);
    EXPECT_EQ(line.version, Version::http_1_0);
  }
}

}  // namespace
}  // namespace skiff
