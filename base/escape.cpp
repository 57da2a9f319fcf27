#include "base/escape.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace skiff {
namespace {

enum class Quotes : bool { stay, are_escaped };

void append_code(std::string& out, unsigned char code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[code >> 4];
  out += digits[code & 15];
}

void append_control(std::string& out, unsigned char control) {
  switch (control) {
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      append_code(out, control);
  }
}

// By byte: whether it can be copied as it stands, the beginning of a C1 control character apart.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < plain.size(); ++byte) plain[byte] = true;
  plain['"'] = plain['\\'] = plain[0x7f] = plain[0xc2] = false;
  return plain;
}();

bool is_plain(char c) { return plain_bytes[static_cast<unsigned char>(c)]; }

// `text` is well-formed UTF-8.
void append_valid(std::string& out, std::string_view text, Quotes quotes) {
  while (true) {
    const auto special = std::find_if_not(text.begin(), text.end(), is_plain);
    const auto plain = static_cast<std::size_t>(special - text.begin());
    out.append(text.data(), plain);
    if (special == text.end()) return;
    text.remove_prefix(plain);
    const auto first = static_cast<unsigned char>(text[0]);
    if (first == 0xc2) {  // U+0080 to U+00BF, of which those up to U+009F are controls.
      const auto code = static_cast<unsigned char>(text[1]);
      if (code < 0xa0) {
        append_code(out, code);
      } else {
        out.append(text.data(), 2);
      }
      text.remove_prefix(2);
      continue;
    }
    if (first < 0x20 || first == 0x7f) {
      append_control(out, first);
    } else {
      if (quotes == Quotes::are_escaped) out += '\\';
      out += text[0];
    }
    text.remove_prefix(1);
  }
}

void append(std::string& out, std::string_view text, Quotes quotes) {
  while (const auto invalid = find_invalid_utf8(text)) {
    append_valid(out, text.substr(0, *invalid), quotes);
    out += "\\ufffd";
    text.remove_prefix(*invalid + 1);
  }
  append_valid(out, text, quotes);
}

bool is_word_byte(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '='; }

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out += '"';
  append(out, text, Quotes::are_escaped);
  out += '"';
}

void append_printable(std::string& out, std::string_view text) { append(out, text, Quotes::stay); }

void append_word(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += '-';
  } else if (std::all_of(text.begin(), text.end(), is_word_byte)) {
    out += text;
  } else {
    append_json(out, text);
  }
}

}  // namespace skiff
