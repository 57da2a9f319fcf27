// A client for what wrk does not do: requests at a fixed rate that does not wait for answers (open
// loop), and an exact number of requests. GET, HTTP/1.1, answers with Content-Length.
//
// usage: load PORT PATH CONNECTIONS REQUESTS [RATE [OTHER_PATH]]
// With RATE (requests per second) a request is due at its time whatever became of those before; its
// latency counts from then, so that a proxy that stalls cannot hide it. Without, each connection
// asks again as soon as it is answered. Prints `good bad p50 p99 p99.5`, times in microseconds.
// With OTHER_PATH one or the other is asked for, drawn anew each 173 ms, so that what disturbs the
// machine, also in a beat of its own, disturbs both. The times are then the medians of those of the
// parts, as one stall of the machine decides over the 99th percentile of a minute, but not over
// most of its parts. The other's times follow.
//
// built by bench/setup.py: g++ -O2 -std=c++20
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

// One answer as it comes: a head, then as many bytes as its Content-Length says.
class Answer final {
 public:
  // Whether the answer is complete with these bytes.
  bool take(std::string_view bytes) {
    if (body_left_ == 0) bytes = take_head(bytes);
    body_left_ -= std::min(body_left_, bytes.size());
    return body_left_ == 0 && head_.ends_with("\r\n\r\n");
  }

  bool is_good() const { return head_.starts_with("HTTP/1.1 200"); }

 private:
  // Adds to the head what belongs to it and gives back the rest, which is body.
  std::string_view take_head(std::string_view bytes) {
    head_ += bytes;
    const auto end = head_.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    const auto body = head_.size() - (end + 4);
    head_.resize(end + 4);
    body_left_ = content_length(head_);
    return bytes.substr(bytes.size() - body);
  }

  static std::size_t content_length(std::string head) {
    std::transform(head.begin(), head.end(), head.begin(), ::tolower);
    constexpr std::string_view name = "content-length: ";
    const auto at = head.find(name);
    std::size_t length = 0;
    if (at != std::string::npos) {
      std::from_chars(&head[at + name.size()], &head[head.size()], length);
    }
    return length;
  }

  std::string head_;
  std::size_t body_left_ = 0;
};

struct Connection {
  int socket = -1;
  Clock::time_point due;  // Of the request under way.
  bool other = false;     // It is for the other path.
  Answer answer;
  bool busy = false;
};

struct Options {
  int port;
  std::string path;
  std::size_t connections;
  std::size_t requests;
  double rate;  // 0: closed loop.
  std::string other_path;
};

// A connection on loopback; ends the program where nobody listens.
int connect_to(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int one = 1;
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  if (connect(connection, to, sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return connection;
}

std::string request_for(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: bench\r\n\r\n";
}

double quantile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// How long answers took, in microseconds, by the part of the time that they were due in.
class Latencies final {
 public:
  void add(std::uint64_t part, double micros) { parts_[part].push_back(micros); }

  // ` p50 p99 p99.5`, the medians of those of the parts.
  void print() {
    for (const double share : {0.5, 0.99, 0.995}) {
      std::vector<double> of_parts;
      for (auto& [part, micros] : parts_) of_parts.push_back(quantile(micros, share));
      std::printf(" %.1f", quantile(of_parts, 0.5));
    }
  }

 private:
  std::map<std::uint64_t, std::vector<double>> parts_;
};

// Whether that part is for the other path; half of them are.
bool is_others(std::uint64_t part) {
  std::minstd_rand draw(static_cast<std::uint32_t>(part * 2'654'435'761 >> 16 | 1));
  draw.discard(3);
  return draw() % 1024 < 512;
}

class Load final {
 public:
  explicit Load(const Options& options)
      : options_(options),
        request_(request_for(options.path)),
        other_request_(request_for(options.other_path)),
        poll_(epoll_create1(0)),
        connections_(options.connections) {
    for (auto& connection : connections_) open(connection);
  }

  void run() {
    begin_ = Clock::now();
    if (options_.rate == 0) {
      for (auto& connection : connections_) ask(connection, begin_);
    }
    while (good_ + bad_ < options_.requests) turn();
  }

  void print() {
    std::printf("%zu %zu", good_, bad_);
    latencies_.print();
    if (!options_.other_path.empty()) other_latencies_.print();
    std::printf("\n");
  }

 private:
  // All is one part where there is one path.
  std::uint64_t part_of(Clock::time_point due_at) const {
    if (options_.other_path.empty()) return 0;
    return static_cast<std::uint64_t>((due_at - begin_) / std::chrono::milliseconds(173));
  }

  void open(Connection& connection) {
    connection.socket = connect_to(options_.port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    epoll_ctl(poll_, EPOLL_CTL_ADD, connection.socket, &event);
  }

  // One wait, which ends at the latest when the next request is due.
  void turn() {
    start_what_is_due();
    const auto wait = wait_time();
    epoll_event events[256];
    const int ready = epoll_pwait2(poll_, events, 256, &wait, nullptr);
    for (int i = 0; i < ready; ++i) read(*static_cast<Connection*>(events[i].data.ptr));
  }

  timespec wait_time() const {
    if (options_.rate == 0 || started_ >= options_.requests) return {1, 0};
    const auto left = std::max<long long>(0, (due(started_) - Clock::now()).count());
    return {left / 1'000'000'000, left % 1'000'000'000};
  }

  Clock::time_point due(std::size_t number) const {
    const std::chrono::duration<double> after(static_cast<double>(number) / options_.rate);
    return begin_ + std::chrono::duration_cast<Clock::duration>(after);
  }

  void start_what_is_due() {
    const auto now = Clock::now();
    while (options_.rate != 0 && started_ < options_.requests && due(started_) <= now) {
      const auto idle = std::find_if(connections_.begin(), connections_.end(),
                                     [](const Connection& c) { return !c.busy; });
      if (idle == connections_.end()) return;  // Starts late, and its latency says so.
      ask(*idle, due(started_));
    }
  }

  void ask(Connection& connection, Clock::time_point due_at) {
    if (started_ == options_.requests) return;
    ++started_;
    connection.busy = true;
    connection.due = due_at;
    connection.other = !options_.other_path.empty() && is_others(part_of(due_at));
    connection.answer = {};
    const std::string& request = connection.other ? other_request_ : request_;
    if (send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) fail(connection);
  }

  void read(Connection& connection) {
    static char buffer[256 * 1024];
    const ssize_t got = recv(connection.socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0) return;
    if (got == 0) return fail(connection);
    if (connection.answer.take({buffer, static_cast<std::size_t>(got)})) answered(connection);
  }

  void answered(Connection& connection) {
    const auto now = Clock::now();
    ++(connection.answer.is_good() ? good_ : bad_);
    const double micros = std::chrono::duration<double, std::micro>(now - connection.due).count();
    (connection.other ? other_latencies_ : latencies_).add(part_of(connection.due), micros);
    connection.busy = false;
    if (options_.rate == 0) ask(connection, now);
  }

  void fail(Connection& connection) {
    if (connection.busy) ++bad_;
    connection.busy = false;
    close(connection.socket);
    open(connection);
    if (options_.rate == 0) ask(connection, Clock::now());
  }

  const Options options_;
  const std::string request_;
  const std::string other_request_;
  const int poll_;
  std::vector<Connection> connections_;
  Clock::time_point begin_;
  std::size_t started_ = 0;
  std::size_t good_ = 0;
  std::size_t bad_ = 0;
  Latencies latencies_;
  Latencies other_latencies_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 5)
    return std::fputs("usage: load PORT PATH CONNECTIONS REQUESTS [RATE [OTHER_PATH]]\n", stderr),
           64;
  Load load({std::atoi(arguments[1]), arguments[2], std::strtoul(arguments[3], nullptr, 10),
             std::strtoul(arguments[4], nullptr, 10), count > 5 ? std::atof(arguments[5]) : 0.0,
             count > 6 ? arguments[6] : ""});
  prctl(PR_SET_TIMERSLACK, 1);  // Wake when due, not up to 50 us later.
  load.run();
  load.print();
}
