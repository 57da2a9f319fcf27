#include "sidecar/transport/tls_records.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "sidecar/transport/tls_buffers.h"

namespace skiff {
namespace {

constexpr std::uint8_t new_session_ticket = 4;  // RFC 8446, B.3.
constexpr std::uint8_t key_update = 24;
constexpr std::size_t message_header_size = 4;
constexpr std::size_t most_message = 64 * 1024;
constexpr std::uint8_t most_empty_records = 32;
// Long before what RFC 8446, 5.5, allows under one key of AES-GCM, 2^24.5 full records.
constexpr std::uint64_t most_records_per_key = std::uint64_t{1} << 23;

unsigned number_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Of the record whose header `input` begins with, without it.
std::size_t body_size(std::string_view input) {
  return number_at(input, 3) << 8 | number_at(input, 4);
}

bool is_header(std::string_view input) {
  return number_at(input, 0) == static_cast<unsigned>(TlsContent::data) && number_at(input, 1) == 3;
}

}  // namespace

TlsRecords::TlsRecords(std::unique_ptr<TlsRecordKey> to_open, std::unique_ptr<TlsRecordKey> to_seal,
                       bool is_client)
    : to_open_(std::move(to_open)), to_seal_(std::move(to_seal)), is_client_(is_client) {}

// ---- Reading

bool TlsRecords::begins_with_record(std::string_view input) {
  if (input.size() < TlsRecordKey::header_size) return false;
  return !is_header(input) || body_size(input) > TlsRecordKey::most_sealed ||
         input.size() >= TlsRecordKey::header_size + body_size(input);
}

std::size_t TlsRecords::read(std::string_view& input, char* to, std::size_t size) {
  std::size_t got = kept_.view().copy(to, size);
  kept_.consume(got);
  while (got < size && can_open(input)) got += open_next(input, to + got, size - got);
  return got;
}

void TlsRecords::look(std::string_view& input) {
  while (kept_.empty() && can_open(input)) open_next(input, nullptr, 0);
}

bool TlsRecords::can_open(std::string_view input) const {
  return !ended_ && !failed_ && begins_with_record(input);
}

std::size_t TlsRecords::open_next(std::string_view& input, char* to, std::size_t size) {
  if (!is_header(input)) {
    fail(Alert::unexpected_message);
    return 0;
  }
  if (body_size(input) > TlsRecordKey::most_sealed) {
    fail(Alert::record_overflow);
    return 0;
  }
  const std::size_t whole = TlsRecordKey::header_size + body_size(input);
  const std::size_t got = read_record(input.substr(0, whole), to, size);
  input.remove_prefix(whole);
  return got;
}

// Straight to where it is wanted, if it is sure to have room there.
std::size_t TlsRecords::read_record(std::string_view record, char* to, std::size_t size) {
  const bool has_room = record.size() <= size;
  char* const plain = has_room ? to : tls_buffers().record.get();
  const auto opened = to_open_->open(record, plain);
  if (!opened) {
    fail(Alert::bad_record_mac);
    return 0;
  }
  return take(*opened, plain, to, size);
}

std::size_t TlsRecords::take(const TlsRecordKey::Opened& opened, char* plain, char* to,
                             std::size_t size) {
  const std::string_view body(plain, opened.size);
  empty_records_ = body.empty() ? static_cast<std::uint8_t>(empty_records_ + 1) : 0;
  const auto content = static_cast<TlsContent>(opened.content);
  const bool is_within_message = !messages_.empty() && content != TlsContent::handshake;
  if (is_within_message || empty_records_ > most_empty_records) {
    fail(Alert::unexpected_message);
    return 0;
  }
  switch (content) {
    case TlsContent::data: {
      const std::size_t count = std::min(size, body.size());
      if (plain != to && count > 0) std::memcpy(to, plain, count);
      kept_.append(body.substr(count));
      return count;
    }
    case TlsContent::alert:
      take_alert(body);
      return 0;
    case TlsContent::handshake:
      take_messages(body);
      return 0;
  }
  fail(Alert::unexpected_message);
  return 0;
}

void TlsRecords::take_alert(std::string_view body) {
  if (body.size() != 2) return fail(Alert::decode_error);
  const auto alert = static_cast<Alert>(body[1]);
  if (alert == Alert::close_notify) {
    ended_ = true;
  } else if (alert != Alert::user_canceled) {
    failed_ = silent_ = true;
  }
}

void TlsRecords::take_messages(std::string_view body) {
  if (body.empty()) return fail(Alert::unexpected_message);
  messages_.append(body);
  while (!failed_ && messages_.size() >= message_header_size) {
    const std::string_view all = messages_.view();
    const std::size_t size = number_at(all, 1) << 16 | number_at(all, 2) << 8 | number_at(all, 3);
    if (size > most_message) return fail(Alert::decode_error);
    if (all.size() < message_header_size + size) return;
    const auto type = static_cast<std::uint8_t>(all[0]);
    // New keys begin with a new record.
    if (type == key_update && all.size() > message_header_size + size) {
      return fail(Alert::unexpected_message);
    }
    take_message(type, all.substr(message_header_size, size));
    messages_.consume(message_header_size + size);
  }
}

void TlsRecords::take_message(std::uint8_t type, std::string_view body) {
  if (type == key_update) return take_key_update(body);
  if (type == new_session_ticket && is_client_) return;  // It came too late to be kept.
  fail(Alert::unexpected_message);
}

void TlsRecords::take_key_update(std::string_view body) {
  if (body.size() != 1) return fail(Alert::decode_error);
  if (number_at(body, 0) > 1) return fail(Alert::illegal_parameter);
  to_open_->renew();
  if (number_at(body, 0) == 0) return;
  renew_own_key();
}

// ---- Sealing

bool TlsRecords::seal_as(TlsContent content, std::span<const iovec> pieces) {
  if (silent_) return false;
  const bool is_worn = to_seal_->sequence() >= most_records_per_key;
  if (is_worn && content == TlsContent::data) renew_own_key();
  std::size_t total = TlsRecordKey::overhead;
  for (const iovec& piece : pieces) total += piece.iov_len;
  TlsBuffers& buffers = tls_buffers();
  char* const to = buffers.reserve(total);
  const std::size_t sealed = to == nullptr ? 0 : to_seal_->seal(content, pieces, to);
  buffers.staged += sealed;
  if (sealed == 0) failed_ = silent_ = true;
  return sealed != 0;
}

bool TlsRecords::seal_bytes(TlsContent content, std::string_view bytes) {
  const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  return seal_as(content, {&piece, 1});
}

void TlsRecords::renew_own_key() {
  constexpr std::string_view update("\x18\0\0\1\0", 5);  // A KeyUpdate that asks for none.
  if (seal_bytes(TlsContent::handshake, update)) to_seal_->renew();
}

void TlsRecords::say_close_notify() {
  const char body[] = {1, static_cast<char>(Alert::close_notify)};  // A warning.
  seal_bytes(TlsContent::alert, {body, sizeof body});
  silent_ = true;
}

void TlsRecords::fail(Alert alert) {
  const char body[] = {2, static_cast<char>(alert)};  // Fatal.
  seal_bytes(TlsContent::alert, {body, sizeof body});
  failed_ = silent_ = true;
}

}  // namespace skiff
