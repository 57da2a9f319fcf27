#include "sidecar/transport/tls_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "sidecar/transport/tls_buffers.h"

namespace skiff {
namespace {

// Answers to a peer that asks for new keys, and takes none, are kept up to here.
constexpr std::size_t most_unsent = TlsBuffers::write_room + 64 * 1024;

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
  TlsBuffers& buffers = tls_buffers();
  const auto count = static_cast<std::size_t>(size);
  char* const to = buffers.reserve(count);
  if (to == nullptr) return -1;
  std::memcpy(to, from, count);
  buffers.staged += count;
  self.went_.see({from, count});
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
  self.came_.see(self.input_.substr(0, count));
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

// One read of the transport, behind what is still to be opened. False: nothing came.
bool TlsStream::fill(std::size_t wish) {
  char* const at = tls_buffers().in.get();
  const std::size_t held = input_.size();
  if (held > 0) std::memmove(at, input_.data(), held);
  kept_input_.clear();
  input_ = {at, held};
  const std::size_t room = std::min(wish, TlsBuffers::read_room - held);
  if (room == 0) return false;
  const IoResult got = inner_->receive(at + held, room);
  drained_ = got.size < room;
  if (got.kind == IoResult::Kind::end) read_error_ = EPROTO;  // No close_notify came before.
  if (got.kind == IoResult::Kind::error) read_error_ = got.error;
  if (got.kind != IoResult::Kind::done) return false;
  input_ = {at, held + got.size};
  return true;
}

void TlsStream::send_staged() {
  TlsBuffers& buffers = tls_buffers();
  std::string_view staged{buffers.out.get(), std::exchange(buffers.staged, 0)};
  cipher_sent_ += staged.size();
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

// ---- The handshake

TlsStream::Shaken TlsStream::shake_hands() {
  begin_call();
  Shaken shaken = Shaken::broken;
  for (;;) {
    went_.restart();
    if (SSL_do_handshake(ssl_.get()) == 1) {
      shaken = Shaken::over;
    } else if (SSL_want_read(ssl_.get()) && handshake_bytes_ < most_handshake) {
      const std::size_t before = input_.size();
      if (fill(std::min(TlsBuffers::record_room, most_handshake - handshake_bytes_))) {
        handshake_bytes_ += input_.size() - before;
        continue;
      }
      if (read_error_ == 0) shaken = Shaken::again;
    }
    break;
  }
  // Of what a server wrote last, all is sealed with the keys of the data: its tickets. A client's
  // last flight is not. Neither has read anything that is.
  came_.restart();
  if (SSL_is_server(ssl_.get()) == 0) went_.restart();
  end_call();
  return write_error_ == 0 ? shaken : Shaken::broken;
}

void TlsStream::take_over(const TlsSecret& peers_secret, const TlsSecret& own_secret) {
  if (ssl_ == nullptr || ended_ || read_error_ != 0 || write_error_ != 0) return;
  if (SSL_has_pending(ssl_.get()) == 1 || !came_.is_between_records()) return;
  const SSL_CIPHER& cipher = *SSL_get_current_cipher(ssl_.get());
  auto to_open = TlsRecordKey::make(cipher, peers_secret, came_.count(), false);
  auto to_seal = TlsRecordKey::make(cipher, own_secret, went_.count(), true);
  if (to_open == nullptr || to_seal == nullptr) return;
  const bool is_client = SSL_is_server(ssl_.get()) == 0;
  records_ = std::make_unique<TlsRecords>(std::move(to_open), std::move(to_seal), is_client);
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // The session is good.
  ssl_.reset();
}

// ---- Reading

IoResult TlsStream::outcome() const {
  if (ended_) return {IoResult::Kind::end};
  if (read_error_ != 0) return {IoResult::Kind::error, 0, read_error_};
  return {};
}

bool TlsStream::holds_input() const {
  if (ended_ || read_error_ != 0) return true;
  if (records_ == nullptr) return !kept_input_.empty() || SSL_pending(ssl_.get()) > 0;
  return !records_->kept().empty() || TlsRecords::begins_with_record(kept_input_.view());
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
  if (records_ == nullptr) return open_by_openssl(to, size);
  const std::size_t got = records_->read(input_, to, size);
  judge_records();
  return got;
}

void TlsStream::judge_records() {
  ended_ = records_->ended();
  if (records_->failed() && read_error_ == 0) read_error_ = EPROTO;
}

std::size_t TlsStream::open_by_openssl(char* to, std::size_t size) {
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
  // Where nothing came of what was read, only the transport's own word says that no more is there:
  // an end may have come together with tickets.
  while (got < size && !(drained_ && got > 0) && !ended_ && read_error_ == 0 &&
         fill(std::max(size - got, TlsBuffers::record_room))) {
    got += open_records(to + got, size - got);
  }
  end_call();
  if (got > 0) return {IoResult::Kind::done, got};
  return outcome();
}

// What is open already, or the next record.
std::size_t TlsStream::peek_records(char* to, std::size_t size) {
  if (records_ != nullptr) {
    records_->look(input_);
    judge_records();
    return records_->kept().copy(to, size);
  }
  std::size_t count = 0;
  if (SSL_peek_ex(ssl_.get(), to, size, &count) != 1) judge_read();
  return count;
}

IoResult TlsStream::peek(char* to, std::size_t size) {
  begin_call();
  std::size_t count = 0;
  do {
    count = peek_records(to, size);
  } while (count == 0 && !ended_ && read_error_ == 0 && fill(TlsBuffers::record_room));
  end_call();
  if (count > 0) return {IoResult::Kind::done, count};
  return outcome();
}

// ---- Writing

// One record. False: the connection takes nothing any more.
bool TlsStream::seal(std::span<const iovec> pieces) {
  if (records_ != nullptr) return records_->seal(pieces);
  TlsBuffers& buffers = tls_buffers();
  std::size_t size = 0;
  for (const iovec& piece : pieces) {
    std::memcpy(buffers.record.get() + size, piece.iov_base, piece.iov_len);
    size += piece.iov_len;
  }
  std::size_t count = 0;
  return SSL_write_ex(ssl_.get(), buffers.record.get(), size, &count) == 1;
}

// As few records as can be, of pieces of the pieces.
void TlsStream::seal_all(std::span<const iovec> pieces, std::size_t total) {
  std::array<iovec, 64> parts;
  std::size_t count = 0;
  std::size_t size = 0;
  bool ok = true;
  for (iovec piece : pieces) {
    while (piece.iov_len > 0 && total > 0 && ok) {
      const std::size_t step = std::min({piece.iov_len, TlsBuffers::record_size - size, total});
      parts[count++] = {piece.iov_base, step};
      piece = {static_cast<char*>(piece.iov_base) + step, piece.iov_len - step};
      size += step;
      total -= step;
      if (size < TlsBuffers::record_size && total > 0 && count < parts.size()) continue;
      ok = seal({parts.data(), std::exchange(count, 0)});
      size = 0;
    }
  }
  if (ok) return;
  write_error_ = EPROTO;
  ERR_clear_error();
}

void TlsStream::set_mark() {
  marks_[next_mark_] = {plain_sent_, cipher_sent_};
  next_mark_ = static_cast<std::uint8_t>((next_mark_ + 1) % marks_.size());
}

// A peer that does not keep up is given little at a time, since what the kernel does not take is
// kept; one that does is given much.
void TlsStream::adapt_limit(std::size_t sealed) {
  if (!unsent_.empty()) {
    send_limit_ = std::max(TlsBuffers::record_size, send_limit_ / 4);
  } else if (sealed == send_limit_) {
    send_limit_ = std::min(TlsBuffers::most_per_send, send_limit_ * 2);
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
  if (records_ != nullptr) {
    records_->say_close_notify();
  } else {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  end_call();
}

void TlsStream::free_buffers() {
  if (ssl_ != nullptr && SSL_has_pending(ssl_.get()) == 0) SSL_free_buffers(ssl_.get());
}

}  // namespace skiff
