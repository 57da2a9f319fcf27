#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/support/http1_laws.h"

// The first byte says where the rest, a body in chunks, is cut in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::size_t cut = bytes.size() + data[0] * (size - 1) / 256;
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string broken = skiff::broken_law_of_request(bytes, cut);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}
