#include "tests/support/http1_cases.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace skiff {
namespace {

char unescaped(std::string_view text, std::size_t& at) {
  switch (text.at(at++)) {
    case 'r':
      return '\r';
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'x': {
      int byte = 0;
      std::from_chars(text.data() + at, text.data() + at + 2, byte, 16);
      at += 2;
      return static_cast<char>(byte);
    }
    default:
      return text[at - 1];
  }
}

std::string expanded(std::string_view text);

// What stands in braces: a beginning by its name, or `N*text`.
std::string in_braces(std::string_view text) {
  if (text == "post") return "POST / HTTP/1.1\r\nHost: a\r\n";
  if (text == "get") return "GET / HTTP/1.1\r\nHost: a\r\n";
  if (text == "chunked") return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::size_t times = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), times);
  if (error != std::errc() || *end != '*') throw std::runtime_error("{" + std::string(text) + "}");
  const std::string once = expanded(text.substr(static_cast<std::size_t>(end - text.data()) + 1));
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += once;
  return all;
}

std::string expanded(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c == '\\') {
      plain += unescaped(text, at);
    } else if (c == '{') {
      const std::size_t close = text.find('}', at);
      if (close == std::string_view::npos) throw std::runtime_error("a { without }");
      plain += in_braces(text.substr(at, close - at));
      at = close + 1;
    } else {
      plain += c;
    }
  }
  return plain;
}

void set(Http1Case& out, std::string_view key, const std::string& value) {
  if (key == "id") {
    out.id = value;
  } else if (key == "source") {
    out.source = value;
  } else if (key == "asked") {
    out.asked = value;
  } else if (key == "bytes") {
    out.bytes += expanded(value);
  } else if (key == "expect") {
    out.expect = value;
  } else if (key == "head") {
    out.head = out.head.value_or("") + expanded(value);
  } else if (key == "body") {
    out.body = expanded(value);
  } else if (key == "trailers") {
    out.trailers = expanded(value);
  } else if (key == "meaning") {
    out.meaning = value;
  } else if (key == "used") {
    out.used = value;
  } else {
    throw std::runtime_error("no such key: " + std::string(key));
  }
}

}  // namespace

void PrintTo(const Http1Case& which, std::ostream* out) { *out << which.id; }

std::vector<Http1Case> read_http1_cases(std::string_view file) {
  const std::string path = SKIFF_SOURCE_DIR "/tests/conformance/http1/" + std::string(file);
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  std::vector<Http1Case> cases;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    try {
      if (colon == std::string::npos) throw std::runtime_error("no `key: value`");
      if (line.starts_with("id: ")) cases.emplace_back();
      if (cases.empty()) throw std::runtime_error("a case begins with id");
      const std::size_t value = std::min(colon + 2, line.size());  // Behind `: `, or nothing.
      set(cases.back(), line.substr(0, colon), line.substr(value));
    } catch (const std::exception& fault) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": " + fault.what());
    }
  }
  return cases;
}

}  // namespace skiff
