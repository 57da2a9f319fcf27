#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/support/http1_laws.h"

// The first byte says where the answer is cut in two, the second what was asked for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view questions[] = {"", "HEAD", "CONNECT", "upgrade websocket"};
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::string broken =
      skiff::broken_law_of_response(bytes, questions[data[1] % 4], data[0] * bytes.size() / 256);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}
