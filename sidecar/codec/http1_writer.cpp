#include "sidecar/codec/http1_writer.h"

#include <algorithm>

#include "sidecar/codec/http1_encoder.h"

namespace skiff {

void Http1Writer::begin(Arena& arena, std::string_view head, bool chunked) {
  if (turn_ != nullptr) keep_pieces(0);  // An interim answer that was not flushed yet.
  turn_ = arena.make<Turn>();
  turn_->arena = &arena;
  turn_->chunked = chunked;
  push(head);
}

void Http1Writer::push(std::string_view piece) {
  if (piece.empty()) return;
  if (turn_->count == most_pieces) keep_pieces(0);
  turn_->pieces[turn_->count++] = {const_cast<char*>(piece.data()), piece.size()};
}

void Http1Writer::data(std::string_view bytes) {
  if (!turn_->chunked) return push(bytes);
  if (bytes.empty()) return;  // An empty chunk would end the body.
  if (turn_->chunk_heads == turn_->chunk_head.size()) keep_pieces(0);
  char* const head = turn_->chunk_head[turn_->chunk_heads++].data();
  push({head, encode_chunk_size(bytes.size(), head)});
  push(bytes);
  push("\r\n");
}

void Http1Writer::end(const Headers& trailers) {
  if (turn_->chunked) push(encode_last_chunk(trailers, *turn_->arena));
}

void Http1Writer::keep_pieces(std::size_t skip) {
  for (unsigned i = 0; i < turn_->count; ++i) {
    const iovec& piece = turn_->pieces[i];
    const std::size_t gone = std::min(skip, piece.iov_len);
    skip -= gone;
    kept_.append({static_cast<char*>(piece.iov_base) + gone, piece.iov_len - gone});
  }
  turn_->count = turn_->chunk_heads = 0;
}

Http1Writer::Flushed Http1Writer::flush(Transport& transport) {
  const bool has_pieces = turn_ != nullptr && turn_->count > 0;
  if (has_pieces && kept_.empty()) {
    const IoResult result = transport.send({turn_->pieces.data(), turn_->count});
    if (result.kind == IoResult::Kind::error) return Flushed::broken;
    sent_ += result.size;
    keep_pieces(result.size);
    return kept_.empty() ? Flushed::all : Flushed::some;
  }
  if (has_pieces) keep_pieces(0);
  while (!kept_.empty()) {
    const iovec piece{const_cast<char*>(kept_.view().data()), kept_.size()};
    const IoResult result = transport.send({&piece, 1});
    if (result.kind == IoResult::Kind::error) return Flushed::broken;
    if (result.kind == IoResult::Kind::again) return Flushed::some;
    sent_ += result.size;
    kept_.consume(result.size);
  }
  return Flushed::all;
}

}  // namespace skiff
