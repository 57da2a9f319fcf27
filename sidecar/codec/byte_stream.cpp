#include "sidecar/codec/byte_stream.h"

#include <utility>

namespace skiff {
namespace {

// Reads of one wake-up; then others have their turn, however fast both ends are.
constexpr int most_reads = 8;

}  // namespace

ByteStream::ByteStream(Loop& loop, TransportPtr transport, User& user)
    : loop_(loop), user_(user), transport_(std::move(transport)) {
  transport_->set_user(*this);
  transport_->wait_readable();
}

ByteStream::~ByteStream() { loop_.undefer(*this); }

void ByteStream::begin() {
  begun_ = true;
  if (stirred_) loop_.defer(*this);
}

void ByteStream::resume() {
  if (std::exchange(paused_, false)) loop_.defer(*this);
}

void ByteStream::run_deferred() {
  if (is_open() && !paused_ && !received_end_) read();
}

void ByteStream::readable() {
  loop_.refresh_now();
  if (!begun_ || received_end_) return look();
  if (paused_) return;  // resume() reads.
  read();
}

// Only for the end of the whole connection.
void ByteStream::look() {
  char byte;
  const IoResult seen = transport_->peek(&byte, 1);
  if (seen.kind == IoResult::Kind::error) return user_.lost();
  if (seen.kind != IoResult::Kind::again) stirred_ = true;
  transport_->wait_readable();
}

bool ByteStream::is_untouched() {
  if (!is_open() || stirred_) return false;
  char byte;
  return transport_->peek(&byte, 1).kind == IoResult::Kind::again;
}

void ByteStream::read() {
  for (int i = 0; i < most_reads; ++i) {
    char* const buffer = loop_.read_buffer();
    const IoResult got =
        transport_->receive(buffer, is_long_ ? Loop::bulk_read_size : Loop::read_size);
    switch (got.kind) {
      case IoResult::Kind::again:
        return transport_->wait_readable();
      case IoResult::Kind::error:
        return user_.lost();
      case IoResult::Kind::end:
        received_end_ = true;
        transport_->wait_readable();  // It may still break.
        return user_.received_end();
      case IoResult::Kind::done:
        break;
    }
    is_long_ = got.size >= Loop::read_size;
    // A short read may have left an end unseen that came with it: read on until `again`.
    paused_ = !user_.received({buffer, got.size});
    if (!is_open() || paused_) return;
  }
  loop_.defer(*this);
}

bool ByteStream::flush() {
  switch (write()) {
    case Written::broken:
      user_.lost();
      return false;
    case Written::some:
      transport_->wait_writable();
      return false;
    case Written::all:
      break;
  }
  if (ending_ && !std::exchange(fin_sent_, true)) transport_->end_sending();
  return true;
}

ByteStream::Written ByteStream::write() {
  const std::string_view given = std::exchange(given_, {});
  if (!given.empty() && kept_.empty()) {
    const iovec piece{const_cast<char*>(given.data()), given.size()};
    const IoResult result = transport_->send({&piece, 1});
    if (result.kind == IoResult::Kind::error) return Written::broken;
    if (result.size == given.size()) return Written::all;
    kept_.append(given.substr(result.size));
    return Written::some;
  }
  kept_.append(given);
  while (!kept_.empty()) {
    const iovec piece{const_cast<char*>(kept_.view().data()), kept_.size()};
    const IoResult result = transport_->send({&piece, 1});
    if (result.kind == IoResult::Kind::error) return Written::broken;
    if (result.kind == IoResult::Kind::again) return Written::some;
    kept_.consume(result.size);
  }
  return Written::all;
}

void ByteStream::writable() {
  loop_.refresh_now();
  if (flush()) user_.sent();
}

void ByteStream::reset() {
  transport_->reset();
  close();
}

}  // namespace skiff
