#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "sidecar/transport/transport.h"

namespace skiff {

// The far end of a ScriptedTransport, held by the test.
class ScriptedPeer final {
 public:
  // What the code under test will read, and then it is told that it can.
  void sends(std::string_view bytes) {
    to_read_ += bytes;
    wake_reader();
  }
  void ends() {
    ends_unseen();
    wake_reader();
  }
  void ends_unseen() { ended_ = true; }  // It came with the bytes before: no edge tells of it.
  void resets() {
    resets_unseen();
    wake_reader();
  }
  void resets_unseen() { reset_ = true; }  // The code under test finds it when it writes.

  // What the code under test has sent since the last call.
  std::string got() { return std::exchange(sent_, {}); }

  void takes_only(std::size_t bytes) { room_ = bytes; }  // Then its buffer is full.
  void takes_all() {
    room_ = std::string::npos;
    takes_some();
  }
  void takes_some() {  // What takes_only() said: there is room again.
    if (user_ != nullptr && std::exchange(waits_to_write_, false)) user_->writable();
  }

  std::size_t unread() const { return to_read_.size(); }  // Bytes; the kernel keeps them.
  bool closed() const { return closed_; }                 // The code under test let go of it.
  bool was_reset() const { return was_reset_; }           // … by an RST.
  bool sees_end() const { return sees_end_ || closed_; }  // It will get no more bytes.
  std::size_t largest_read = 0;    // Bytes that one receive() may give; 0: all.
  std::uint64_t acknowledged = 0;  // For acknowledged_beyond().
  std::string identity;            // For peer_identity().
  std::string protocol;            // For agreed_protocol().
  int rests = 0;                   // How often it was told to rest.

 private:
  friend class ScriptedTransport;

  void wake_reader() {
    if (user_ != nullptr && std::exchange(waits_to_read_, false)) user_->readable();
  }

  TransportUser* user_ = nullptr;
  std::string to_read_;
  std::string sent_;
  std::size_t room_ = std::string::npos;
  bool ended_ = false;
  bool reset_ = false;
  bool waits_to_read_ = false;
  bool waits_to_write_ = false;
  bool closed_ = false;
  bool was_reset_ = false;
  bool sees_end_ = false;
};

// A connection whose other end is the test.
class ScriptedTransport final : public Transport {
 public:
  // `peer` outlives it.
  static TransportPtr make(ScriptedPeer& peer) { return TransportPtr(new ScriptedTransport(peer)); }

  void set_user(TransportUser& user) override {
    peer_.user_ = &user;
    owes_edge_ = peeked_;
  }

  std::string_view peer_identity() const override { return peer_.identity; }
  std::string_view agreed_protocol() const override { return peer_.protocol; }
  void rest() override { ++peer_.rests; }

  IoResult peek(char* to, std::size_t size) override {
    if (peer_.reset_) return {IoResult::Kind::error, 0, ECONNRESET};
    if (peer_.to_read_.empty()) return {peer_.ended_ ? IoResult::Kind::end : IoResult::Kind::again};
    peeked_ = true;
    return {IoResult::Kind::done, peer_.to_read_.copy(to, size)};
  }

  IoResult receive(char* to, std::size_t size) override {
    if (peer_.reset_) return {IoResult::Kind::error, 0, ECONNRESET};
    if (peer_.to_read_.empty()) return {peer_.ended_ ? IoResult::Kind::end : IoResult::Kind::again};
    if (peer_.largest_read != 0) size = std::min(size, peer_.largest_read);
    size = std::min(size, peer_.to_read_.size());
    std::memcpy(to, peer_.to_read_.data(), size);
    peer_.to_read_.erase(0, size);
    return {IoResult::Kind::done, size};
  }

  IoResult send(std::span<const iovec> pieces) override {
    if (peer_.reset_) return {IoResult::Kind::error, 0, EPIPE};
    std::size_t taken = 0;
    for (const iovec& piece : pieces) {
      const std::size_t size = std::min(piece.iov_len, peer_.room_);
      peer_.sent_.append(static_cast<const char*>(piece.iov_base), size);
      taken += size;
      if (peer_.room_ != std::string::npos) peer_.room_ -= size;
    }
    if (taken == 0) return {};
    return {IoResult::Kind::done, taken};
  }

  // The real one tells of the edge that it owes only later in the turn.
  void wait_readable() override {
    peer_.waits_to_read_ = true;
    if (std::exchange(owes_edge_, false)) peer_.wake_reader();
  }
  void wait_writable() override { peer_.waits_to_write_ = true; }
  void end_sending() override { peer_.sees_end_ = true; }
  void reset() override { peer_.was_reset_ = true; }
  bool acknowledged_beyond(std::uint64_t sent) override { return peer_.acknowledged > sent; }

  void dispose() override {
    peer_.closed_ = true;
    peer_.user_ = nullptr;
    delete this;
  }

 private:
  explicit ScriptedTransport(ScriptedPeer& peer) : peer_(peer) {}

  ScriptedPeer& peer_;
  bool peeked_ = false;
  bool owes_edge_ = false;
};

}  // namespace skiff
