#include "sidecar/codec/http2_session_output.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace skiff {
namespace {

constexpr unsigned most_pieces = 64;
constexpr unsigned pieces_of_a_frame = 6;
constexpr std::size_t block_bytes = 64 * 1024;
constexpr std::size_t most_spare_blocks = 4;

}  // namespace

// Copied bytes, and all pieces in their order.
struct Http2Output::Block {
  Block* next = nullptr;
  unsigned count = 0;
  bool borrows = false;
  std::size_t used = 0;
  std::size_t gathered = 0;
  iovec pieces[most_pieces];
  char bytes[block_bytes];
};

// The spare blocks of a thread.
class Http2Output::Blocks final {
 public:
  Blocks() = default;
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() {
    while (spare_ != nullptr) delete std::exchange(spare_, spare_->next);
  }

  Block* take() {
    if (spare_ == nullptr) return new Block;
    --count_;
    return std::exchange(spare_, spare_->next);
  }
  void give_back(Block* block) {
    if (count_ == most_spare_blocks) return delete block;
    ++count_;
    block->count = 0;
    block->borrows = false;
    block->used = block->gathered = 0;
    block->next = std::exchange(spare_, block);
  }

 private:
  Block* spare_ = nullptr;
  std::size_t count_ = 0;
};

Http2Output::Blocks& Http2Output::blocks() {
  thread_local Blocks blocks_of_thread;
  return blocks_of_thread;
}

Http2Output::~Http2Output() { forget_block(); }

void Http2Output::forget_block() {
  if (block_ != nullptr) blocks().give_back(std::exchange(block_, nullptr));
}

bool Http2Output::has_room() const {
  if (block_ == nullptr) return true;
  return block_->used + largest_frame <= block_bytes && block_->gathered < most_ &&
         block_->count + pieces_of_a_frame <= most_pieces;
}

bool Http2Output::borrows() const { return block_ != nullptr && block_->borrows; }

void Http2Output::copy(std::string_view bytes) {
  if (bytes.empty()) return;
  if (block_ == nullptr) block_ = blocks().take();
  Block& block = *block_;
  char* const to = block.bytes + block.used;
  std::memcpy(to, bytes.data(), bytes.size());
  iovec* const last = block.count == 0 ? nullptr : &block.pieces[block.count - 1];
  if (last != nullptr && static_cast<char*>(last->iov_base) + last->iov_len == to) {
    last->iov_len += bytes.size();
  } else {
    block.pieces[block.count++] = {to, bytes.size()};
  }
  block.used += bytes.size();
  block.gathered += bytes.size();
  given_ += bytes.size();
}

void Http2Output::borrow(std::string_view bytes) {
  if (block_ == nullptr) block_ = blocks().take();
  block_->pieces[block_->count++] = {const_cast<char*>(bytes.data()), bytes.size()};
  block_->borrows = true;
  block_->gathered += bytes.size();
  given_ += bytes.size();
}

Http2Output::Sent Http2Output::send(Transport& transport) {
  if (!waiting_.empty()) {
    const Sent sent = send_waiting(transport);
    if (sent != Sent::all) return sent;
  }
  if (block_ == nullptr) return Sent::all;
  const IoResult result = transport.send({block_->pieces, block_->count});
  if (result.kind == IoResult::Kind::error) return Sent::broken;
  std::size_t gone = result.kind == IoResult::Kind::done ? result.size : 0;
  written_ += gone;
  for (unsigned i = 0; i < block_->count && gone < block_->gathered; ++i) {
    const iovec& piece = block_->pieces[i];
    const std::size_t skip = std::min(gone, piece.iov_len);
    waiting_.append({static_cast<char*>(piece.iov_base) + skip, piece.iov_len - skip});
    gone -= skip;
    block_->gathered -= skip;
  }
  forget_block();
  return waiting_.empty() ? Sent::all : Sent::some;
}

Http2Output::Sent Http2Output::send_waiting(Transport& transport) {
  while (!waiting_.empty()) {
    const iovec piece{const_cast<char*>(waiting_.view().data()), waiting_.size()};
    const IoResult result = transport.send({&piece, 1});
    if (result.kind == IoResult::Kind::error) return Sent::broken;
    if (result.kind == IoResult::Kind::again) return Sent::some;
    waiting_.consume(result.size);
    written_ += result.size;
  }
  return Sent::all;
}

}  // namespace skiff
