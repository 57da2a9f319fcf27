#include <algorithm>
#include <utility>

#include "sidecar/listener/sniff.h"

namespace skiff {
namespace {

using Status = ClientHello::Status;

constexpr std::size_t most_record = 1 << 14;  // RFC 8446, 5.1
constexpr unsigned handshake_record = 22;
constexpr unsigned client_hello_message = 1;
constexpr unsigned server_name_extension = 0;  // RFC 6066, 3
constexpr unsigned alpn_extension = 16;        // RFC 7301, 3.1

// Takes numbers and texts from the front of some bytes. Once something was missing, it stays bad.
class Reader final {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool good() const { return good_; }
  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }

  unsigned number(int octets) {
    unsigned value = 0;
    for (const char octet : text(static_cast<std::size_t>(octets))) {
      value = value << 8 | static_cast<unsigned char>(octet);
    }
    return value;
  }

  std::string_view text(std::size_t size) {
    if (size > bytes_.size()) {
      good_ = false;
      bytes_ = {};
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  // A text behind its length, of so many octets.
  std::string_view counted(int octets) { return text(number(octets)); }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

// The bytes of handshake messages that the records in `bytes` hold, the last perhaps in part.
Status join_records(std::string_view bytes, std::string& joined) {
  Reader in(bytes);
  while (in.size() >= 5) {
    const unsigned type = in.number(1);
    const unsigned version = in.number(2);
    const unsigned length = in.number(2);
    // A fragment of a handshake message is never empty.
    const bool is_known = version >> 8 == 3 && (version & 0xff) <= 4;  // As sniff() has it.
    if (type != handshake_record || !is_known || length == 0 || length > most_record) {
      return Status::bad;
    }
    joined += in.text(std::min<std::size_t>(length, in.size()));
    // Once the message is whole, what follows it is no longer ours to judge.
    if (joined.size() >= 4) {
      Reader head(joined);
      if (head.number(1) != client_hello_message) return Status::bad;
      const std::size_t size = head.number(3);
      if (size > ClientHello::most_bytes) return Status::bad;
      if (head.size() >= size) return Status::done;
    }
  }
  return Status::more;
}

bool is_host_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A list of one name, which is a DNS name without a dot at its end; RFC 6066, 3.
bool read_server_name(std::string_view extension, ClientHello& hello) {
  constexpr std::size_t most_host = 255;
  Reader in(extension);
  Reader list(in.counted(2));
  const unsigned type = list.number(1);
  const std::string_view host = list.counted(2);
  if (!in.good() || !in.empty() || !list.good() || !list.empty()) return false;
  if (type != 0 || host.empty() || host.size() > most_host || host.ends_with('.')) return false;
  hello.server_name = host;
  for (char& c : hello.server_name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return std::all_of(hello.server_name.begin(), hello.server_name.end(), is_host_octet);
}

bool read_protocols(std::string_view extension, ClientHello& hello) {
  Reader in(extension);
  Reader list(in.counted(2));
  if (!in.good() || !in.empty() || list.empty()) return false;
  while (!list.empty()) {
    const std::string_view protocol = list.counted(1);
    if (!list.good() || protocol.empty()) return false;
    hello.protocols.emplace_back(protocol);
  }
  return true;
}

bool read_extensions(std::string_view extensions, ClientHello& hello) {
  bool has_server_name = false;
  bool has_protocols = false;
  Reader in(extensions);
  while (!in.empty()) {
    const unsigned type = in.number(2);
    const std::string_view extension = in.counted(2);
    if (!in.good()) return false;
    if (type == server_name_extension) {
      if (std::exchange(has_server_name, true) || !read_server_name(extension, hello)) return false;
    } else if (type == alpn_extension) {
      if (std::exchange(has_protocols, true) || !read_protocols(extension, hello)) return false;
    }
  }
  return true;
}

// The message behind its four octets of type and length.
bool read_message(std::string_view message, ClientHello& hello) {
  constexpr std::size_t most_session = 32;
  Reader in(message);
  in.number(2);  // legacy_version
  in.text(32);   // random
  if (in.counted(1).size() > most_session) return false;
  const std::string_view suites = in.counted(2);
  const std::string_view compressions = in.counted(1);
  if (!in.good() || suites.empty() || suites.size() % 2 != 0 || compressions.empty()) return false;
  if (in.empty()) return true;  // TLS 1.2 may say nothing more.
  const std::string_view extensions = in.counted(2);
  return in.good() && in.empty() && read_extensions(extensions, hello);
}

}  // namespace

ClientHello read_client_hello(std::string_view first_bytes) {
  ClientHello hello;
  const std::string_view bytes = first_bytes.substr(0, ClientHello::most_bytes);
  std::string joined;
  hello.status = join_records(bytes, joined);
  if (hello.status == Status::more && bytes.size() == ClientHello::most_bytes) {
    hello.status = Status::bad;
  }
  if (hello.status != Status::done) return hello;
  Reader in(joined);
  in.number(1);
  if (!read_message(in.counted(3), hello))
    return {.status = Status::bad, .server_name = {}, .protocols = {}};
  return hello;
}

}  // namespace skiff
