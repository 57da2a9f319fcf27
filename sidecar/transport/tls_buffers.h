#pragma once

#include <cstddef>
#include <memory>

namespace skiff {

// What all secured connections of a thread use in turn, each within one call: an idle one has no
// buffer. A worker is a thread.
struct TlsBuffers {
  static constexpr std::size_t record_size = 16 * 1024;           // Plain bytes of a full record.
  static constexpr std::size_t record_room = record_size + 1024;  // With all that surrounds it.
  static constexpr std::size_t most_per_send = 256 * 1024;        // Plain bytes.
  static constexpr std::size_t read_room = 256 * 1024 + record_room;
  static constexpr std::size_t write_room = most_per_send / record_size * record_room + record_room;

  std::unique_ptr<char[]> in{new char[read_room]};        // Ciphertext that came,
  std::unique_ptr<char[]> out{new char[write_room]};      // … that is to leave by one call,
  std::size_t staged = 0;                                 // … so many bytes of it.
  std::unique_ptr<char[]> record{new char[record_room]};  // Plain text of one record.

  // Room at the end of `out`; null: there is not so much.
  char* reserve(std::size_t size) {
    return size > write_room - staged ? nullptr : out.get() + staged;
  }
};

inline TlsBuffers& tls_buffers() {
  thread_local TlsBuffers buffers;
  return buffers;
}

}  // namespace skiff
