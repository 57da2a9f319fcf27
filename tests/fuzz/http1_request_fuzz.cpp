#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/support/http1_laws.h"

// The first byte says where the rest, a request, is cut in two.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string broken = skiff::broken_law_of_request(bytes, data[0] * bytes.size() / 256);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}
