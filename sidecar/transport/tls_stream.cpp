#include "sidecar/transport/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace skiff {
namespace {

constexpr std::size_t record_room = TlsStream::record_size + 1024;  // With all that surrounds it.
constexpr std::size_t read_room = 256 * 1024;
constexpr std::size_t write_room =
    TlsStream::most_per_send / TlsStream::record_size * record_room + record_room;
// Answers to a peer that asks for new keys, and takes none, are kept up to here.
constexpr std::size_t most_unsent = write_room + 64 * 1024;

// What all connections of a thread use in turn, each within one call. A Loop belongs to one thread.
struct SharedBuffers {
  std::unique_ptr<char[]> in{new char[read_room]};
  std::unique_ptr<char[]> out{new char[write_room]};
  std::unique_ptr<char[]> record{new char[TlsStream::record_size]};
  std::size_t staged = 0;  // Bytes of `out`.
};

SharedBuffers& shared() {
  thread_local SharedBuffers buffers;
  return buffers;
}

std::size_t total_of(std::span<const iovec> pieces) {
  std::size_t total = 0;
  for (const iovec& piece : pieces) total += piece.iov_len;
  return total;
}

}  // namespace

// ---- The BIO

const BIO_METHOD* TlsStream::bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "skiff stream");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int TlsStream::bio_write(BIO* bio, const char* from, int size) {
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  SharedBuffers& buffers = shared();
  const auto count = static_cast<std::size_t>(size);
  if (count > write_room - buffers.staged) return -1;
  std::memcpy(buffers.out.get() + buffers.staged, from, count);
  buffers.staged += count;
  self.cipher_made_ += count;
  return size;
}

int TlsStream::bio_read(BIO* bio, char* to, int size) {
  auto& self = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.input_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = self.input_.copy(to, static_cast<std::size_t>(size));
  self.input_.remove_prefix(count);
  return static_cast<int>(count);
}

long TlsStream::bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsStream::TlsStream(SslPtr ssl, TransportPtr inner)
    : ssl_(std::move(ssl)), inner_(std::move(inner)) {
  BIO* const bio = BIO_new(bio_method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
}

// ---- Calls: each begins with what was kept and ends with what was made.

void TlsStream::begin_call() {
  if (ERR_peek_error() != 0) ERR_clear_error();  // OpenSSL would take it for its own.
  input_ = kept_input_.view();
}

void TlsStream::end_call() {
  if (!kept_input_.empty()) {  // fill() comes only when it is empty.
    kept_input_.consume(kept_input_.size() - input_.size());
  } else if (!input_.empty()) {
    kept_input_.append(input_);
  }
  input_ = {};
  drained_ = false;
  send_staged();
}

bool TlsStream::fill(std::size_t wish) {
  kept_input_.clear();
  char* const to = shared().in.get();
  const std::size_t room = std::min(wish, read_room);
  const IoResult got = inner_->receive(to, room);
  drained_ = got.size < room;
  if (got.kind == IoResult::Kind::end) read_error_ = EPROTO;  // No close_notify came before.
  if (got.kind == IoResult::Kind::error) read_error_ = got.error;
  if (got.kind != IoResult::Kind::done) return false;
  input_ = {to, got.size};
  return true;
}

void TlsStream::send_staged() {
  SharedBuffers& buffers = shared();
  std::string_view staged{buffers.out.get(), std::exchange(buffers.staged, 0)};
  if (staged.empty() || write_error_ != 0) return;
  if (unsent_.empty()) {
    const iovec piece{const_cast<char*>(staged.data()), staged.size()};
    const IoResult sent = inner_->send({&piece, 1});
    if (sent.kind == IoResult::Kind::error) write_error_ = sent.error;
    if (write_error_ != 0) return;
    staged.remove_prefix(sent.size);
    if (staged.empty()) return;
    inner_->wait_writable();
  }
  if (unsent_.size() + staged.size() > most_unsent) write_error_ = read_error_ = ENOBUFS;
  if (write_error_ == 0) unsent_.append(staged);
}

void TlsStream::flush() {
  if (unsent_.empty()) return;
  const iovec piece{const_cast<char*>(unsent_.view().data()), unsent_.size()};
  const IoResult sent = inner_->send({&piece, 1});
  if (sent.kind == IoResult::Kind::error) {
    write_error_ = sent.error;
    unsent_.clear();
    return;
  }
  unsent_.consume(sent.size);
  if (!unsent_.empty()) inner_->wait_writable();
}

TlsStream::Shaken TlsStream::shake_hands() {
  begin_call();
  Shaken shaken = Shaken::broken;
  for (;;) {
    if (SSL_do_handshake(ssl_.get()) == 1) {
      shaken = Shaken::over;
    } else if (SSL_want_read(ssl_.get()) && handshake_bytes_ < most_handshake) {
      if (fill(std::min(record_room, most_handshake - handshake_bytes_))) {
        handshake_bytes_ += input_.size();
        continue;
      }
      if (read_error_ == 0) shaken = Shaken::again;
    }
    break;
  }
  end_call();
  return write_error_ == 0 ? shaken : Shaken::broken;
}

// ---- Reading

IoResult TlsStream::outcome() const {
  if (ended_) return {IoResult::Kind::end};
  if (read_error_ != 0) return {IoResult::Kind::error, 0, read_error_};
  return {};
}

bool TlsStream::holds_input() const {
  return ended_ || read_error_ != 0 || !kept_input_.empty() || SSL_pending(ssl_.get()) > 0;
}

// Why a read gave nothing.
void TlsStream::judge_read() {
  if (SSL_want_read(ssl_.get())) return;
  const bool said_end = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  if (said_end && ERR_peek_error() == 0) {  // A fatal alert leaves an error.
    ended_ = true;
  } else if (read_error_ == 0) {
    read_error_ = EPROTO;
  }
  ERR_clear_error();
}

std::size_t TlsStream::open_records(char* to, std::size_t size) {
  std::size_t got = 0;
  while (got < size && (!input_.empty() || SSL_pending(ssl_.get()) > 0)) {
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), to + got, size - got, &count) != 1) {
      judge_read();
      break;
    }
    got += count;
  }
  return got;
}

IoResult TlsStream::receive(char* to, std::size_t size) {
  begin_call();
  std::size_t got = open_records(to, size);
  while (got < size && !drained_ && !ended_ && read_error_ == 0 &&
         fill(std::max(size - got, record_room))) {
    got += open_records(to + got, size - got);
  }
  end_call();
  if (got > 0) return {IoResult::Kind::done, got};
  return outcome();
}

IoResult TlsStream::peek(char* to, std::size_t size) {
  begin_call();
  std::size_t count = 0;
  while (!ended_ && read_error_ == 0) {
    if (SSL_peek_ex(ssl_.get(), to, size, &count) == 1) break;
    judge_read();
    if (ended_ || read_error_ != 0 || !fill(record_room)) break;
  }
  end_call();
  if (count > 0) return {IoResult::Kind::done, count};
  return outcome();
}

// ---- Writing

void TlsStream::seal(const char* from, std::size_t size) {
  std::size_t count = 0;
  if (SSL_write_ex(ssl_.get(), from, size, &count) == 1) return;
  write_error_ = EPROTO;
  ERR_clear_error();
}

// As few records as can be: long pieces as they lie, the others gathered.
void TlsStream::seal_all(std::span<const iovec> pieces, std::size_t total) {
  char* const record = shared().record.get();
  std::size_t held = 0;
  for (const iovec& piece : pieces) {
    const char* at = static_cast<const char*>(piece.iov_base);
    std::size_t size = std::min(piece.iov_len, total);
    total -= size;
    while (size > 0 && write_error_ == 0) {
      std::size_t count = std::min(size, record_size - held);
      if (held == 0 && (size >= record_size || total == 0)) {
        count = total == 0 ? size : size - size % record_size;
        seal(at, count);
      } else {
        std::memcpy(record + held, at, count);
        held += count;
        if (held == record_size) seal(record, std::exchange(held, 0));
      }
      at += count;
      size -= count;
    }
  }
  if (held > 0) seal(record, held);
}

void TlsStream::set_mark() {
  marks_[next_mark_] = {plain_sent_, cipher_made_};
  next_mark_ = static_cast<std::uint8_t>((next_mark_ + 1) % marks_.size());
}

// A peer that does not keep up is given little at a time, since what the kernel does not take is
// kept; one that does is given much.
void TlsStream::adapt_limit(std::size_t sealed) {
  if (!unsent_.empty()) {
    send_limit_ = std::max(record_size, send_limit_ / 4 / record_size * record_size);
  } else if (sealed == send_limit_) {
    send_limit_ = std::min(most_per_send, send_limit_ * 2);
  }
}

IoResult TlsStream::send(std::span<const iovec> pieces) {
  if (write_error_ != 0) return {IoResult::Kind::error, 0, write_error_};
  if (!unsent_.empty()) return {};
  const std::size_t total = std::min(total_of(pieces), send_limit_);
  begin_call();
  set_mark();
  seal_all(pieces, total);
  end_call();
  if (write_error_ != 0) return {IoResult::Kind::error, 0, write_error_};
  plain_sent_ += total;
  adapt_limit(total);
  return {IoResult::Kind::done, total};
}

bool TlsStream::acknowledged_beyond(std::uint64_t sent) {
  if (sent >= plain_sent_) return false;  // Nothing was sent behind it.
  const auto mark = std::ranges::find_if(marks_, [&](const Mark& candidate) {
    return candidate.plain == sent && candidate.cipher != 0;
  });
  return mark == marks_.end() || inner_->acknowledged_beyond(mark->cipher);
}

void TlsStream::say_close_notify() {
  if (write_error_ != 0 || read_error_ != 0) return;
  begin_call();
  SSL_shutdown(ssl_.get());
  end_call();
  ERR_clear_error();
}

void TlsStream::free_buffers() {
  if (SSL_pending(ssl_.get()) == 0) SSL_free_buffers(ssl_.get());
}

}  // namespace skiff
