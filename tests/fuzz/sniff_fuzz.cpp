#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sidecar/listener/sniff.h"

namespace {

void must(bool holds, const char* law) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", law);
  std::abort();
}

}  // namespace

// The first byte says where the rest, a connection's first bytes, is cut: what was decided before
// the cut stays decided.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using skiff::ClientHello;
  using skiff::Sniffed;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view part = bytes.substr(0, data[0] * bytes.size() / 256);

  const Sniffed early = skiff::sniff(part);
  must(early == Sniffed::more || early == skiff::sniff(bytes), "sniff changed its mind");

  const ClientHello before = skiff::read_client_hello(part);
  const ClientHello after = skiff::read_client_hello(bytes);
  if (before.status != ClientHello::Status::more) {
    must(before.status == after.status, "the hello's status changed");
    must(before.server_name == after.server_name, "the server's name changed");
    must(before.protocols == after.protocols, "the protocols changed");
  }
  if (after.status == ClientHello::Status::done) {
    must(skiff::sniff(bytes) == Sniffed::tls, "a hello that does not look like TLS");
  }
  must(after.server_name.size() <= 255, "a name too long");
  for (const char c : after.server_name) {
    must(c > ' ' && c < 0x7f && (c < 'A' || c > 'Z'), "a name that is none");
  }
  return 0;
}
