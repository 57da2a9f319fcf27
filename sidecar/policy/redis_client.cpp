#include "sidecar/policy/redis_client.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

namespace skiff {
namespace {

constexpr std::size_t most_unread = 64 * 1024;  // Of one reply; ours are short.
constexpr std::size_t most_of_error = 128;

void put_number(std::string& output, char kind, std::size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  output.append(1, kind).append(digits, end).append("\r\n");
}

// What hiredis' reader calls instead of making objects of its own: all goes into one RedisReply,
// so that a reply costs no malloc. An object is told by a pointer that is not null.
RedisReply& reply_of(const redisReadTask* task) {
  return *static_cast<RedisReply*>(task->privdata);
}

void begin(RedisReply& reply, bool is_error) {
  reply.is_error = is_error;
  reply.error.clear();
  reply.count = 0;
}

void* take_text(const redisReadTask* task, char* text, std::size_t size) {
  RedisReply& reply = reply_of(task);
  if (task->parent == nullptr) begin(reply, true);
  reply.is_error = true;
  if (task->type == REDIS_REPLY_ERROR) reply.error.assign(text, std::min(size, most_of_error));
  return &reply;
}

void* take_array(const redisReadTask* task, int size) {
  RedisReply& reply = reply_of(task);
  if (task->parent == nullptr) begin(reply, size > static_cast<int>(RedisReply::most_numbers));
  if (task->parent != nullptr) reply.is_error = true;
  return &reply;
}

void* take_number(const redisReadTask* task, long long number) {
  RedisReply& reply = reply_of(task);
  if (task->parent == nullptr) begin(reply, true);
  if (!reply.is_error) reply.numbers[reply.count++] = number;
  return &reply;
}

void* take_nothing(const redisReadTask* task) { return take_text(task, nullptr, 0); }

void free_nothing(void*) {}

redisReplyObjectFunctions functions = {take_text, take_array, take_number, take_nothing,
                                       free_nothing};

}  // namespace

RedisClient::~RedisClient() { loop_.undefer(*this); }

bool RedisClient::send(std::span<const std::string_view> words, std::size_t most_waiting,
                       Waiter& waiter, Ticket& ticket) {
  if (state_ == State::none) connect();
  if (state_ == State::resting || stalled_ || waiting() >= most_waiting) return false;
  put_number(output_, '*', words.size());
  for (const std::string_view word : words) {
    put_number(output_, '$', word.size());
    output_.append(word).append("\r\n");
  }
  ticket = first_ticket_ + waiting();
  waiting_.push_back(&waiter);
  if (state_ == State::ready) loop_.defer(*this);
  return true;
}

void RedisClient::leave(Ticket ticket) {
  if (ticket >= first_ticket_ && ticket - first_ticket_ < waiting())
    waiting_[first_ + (ticket - first_ticket_)] = nullptr;
}

void RedisClient::late(Ticket ticket) {
  leave(ticket);
  if (state_ == State::resting || std::exchange(stalled_, true)) return;
  loop_.arm(*this, loop_.now() + patience);
}

void RedisClient::connect() {
  transport_ = dialer_.begin();
  if (transport_ == nullptr) return break_off();
  state_ = State::connecting;
  transport_->set_user(*this);
  transport_->wait_writable();
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  reader_->privdata = &reply_;
}

void RedisClient::writable() {
  loop_.refresh_now();
  if (state_ == State::connecting) {
    const int error = dialer_.error(*transport_);
    if (error == EINPROGRESS) return transport_->wait_writable();
    if (error != 0) return break_off();
    state_ = State::ready;
    transport_->wait_readable();
  }
  flush();
}

void RedisClient::flush() {
  if (state_ != State::ready) return;
  while (sent_ < output_.size()) {
    const iovec piece{output_.data() + sent_, output_.size() - sent_};
    const IoResult result = transport_->send({&piece, 1});
    if (result.kind == IoResult::Kind::again) return transport_->wait_writable();
    if (result.kind != IoResult::Kind::done) return break_off();
    sent_ += result.size;
  }
  output_.clear();
  sent_ = 0;
}

void RedisClient::readable() {
  loop_.refresh_now();
  while (state_ == State::ready) {
    const IoResult result = transport_->receive(loop_.read_buffer(), Loop::read_size);
    if (result.kind == IoResult::Kind::again) return transport_->wait_readable();
    if (result.kind == IoResult::Kind::end && waiting() == 0) return let_go();
    if (result.kind != IoResult::Kind::done) return break_off();
    if (redisReaderFeed(reader_.get(), loop_.read_buffer(), result.size) != REDIS_OK) {
      return break_off();
    }
    take_replies();
    if (state_ == State::ready && result.size < Loop::read_size) {
      return transport_->wait_readable();
    }
  }
}

void RedisClient::take_replies() {
  while (state_ == State::ready) {
    void* object = nullptr;
    const int result = redisReaderGetReply(reader_.get(), &object);
    // A reply that nobody asked for, or none that ever ends: this is no Redis.
    if (result != REDIS_OK || (object != nullptr && waiting() == 0) ||
        reader_->len > most_unread + Loop::read_size) {
      return break_off();
    }
    if (object == nullptr) return;
    tell();
  }
}

void RedisClient::tell() {
  rest_ = first_rest;
  if (std::exchange(stalled_, false)) loop_.disarm(*this);
  Waiter* const waiter = waiting_[first_++];
  ++first_ticket_;
  if (first_ == waiting_.size()) {
    waiting_.clear();
    first_ = 0;
  } else if (first_ >= 1'024 && 2 * first_ >= waiting_.size()) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
  if (waiter != nullptr) waiter->replied(reply_);
}

// Redis closes what lies idle.
void RedisClient::let_go() {
  transport_.reset();
  state_ = State::none;
}

void RedisClient::break_off() {
  if (transport_ != nullptr) transport_->reset();
  transport_.reset();
  state_ = State::resting;
  stalled_ = false;
  output_.clear();
  sent_ = 0;
  loop_.arm(*this, loop_.now() + rest_ / 2 +
                       Duration(static_cast<Duration::rep>(
                           loop_.random().below(static_cast<std::uint64_t>(rest_.count()) / 2))));
  rest_ = std::min(2 * rest_, longest_rest);
  first_ticket_ += waiting();
  const std::vector<Waiter*> left(waiting_.begin() + static_cast<std::ptrdiff_t>(first_),
                                  waiting_.end());
  waiting_.clear();
  first_ = 0;
  for (Waiter* const waiter : left)
    if (waiter != nullptr) waiter->lost();
}

void RedisClient::expired(TimePoint) {
  if (state_ == State::resting) {
    state_ = State::none;
  } else if (stalled_) {
    break_off();
  }
}

}  // namespace skiff
