#pragma once

#include <string>
#include <string_view>

namespace skiff {

// Append foreign text so that it stays on one line and cannot steer a terminal: control characters
// (C0, DEL, C1) become \n, \t or \u001b, and a byte that is no UTF-8 becomes \ufffd.

// As a JSON string, with its quotes.
void append_json(std::string& out, std::string_view text);

// As running text: quotes and backslashes stay as they are.
void append_printable(std::string& out, std::string_view text);

// As one word: as it is where it is plain ASCII without spaces, quotes, `\` and `=`, else as a JSON
// string. Empty text becomes `-`.
void append_word(std::string& out, std::string_view text);

}  // namespace skiff
