#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/scripted_transport.h"

namespace skiff {

// A server of HTTP/2 that a test plays, on the far end of a ScriptedTransport: nghttp2's own, told
// by the test what to send.
class Http2Backend final {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  using Settings = std::vector<nghttp2_settings_entry>;

  struct Seen {
    std::int32_t id = 0;
    std::map<std::string, std::string> fields;
    std::string body;
    std::string trailers;
    bool ended = false;
    std::optional<std::uint32_t> reset;  // By the client.
    // What goes back.
    std::string to_send;
    Fields trailers_to_send;
    bool sends = false;
    bool ends = false;
  };

  explicit Http2Backend(ScriptedPeer& peer);
  Http2Backend(const Http2Backend&) = delete;
  Http2Backend& operator=(const Http2Backend&) = delete;
  ~Http2Backend() { nghttp2_session_del(session_); }

  // Sent at the latest before anything else.
  void settings(const Settings& entries = {}) {
    greeted_ = true;
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  }

  // Reads what the client has sent, writes what there is to say. True: something moved.
  bool exchange() {
    if (!greeted_) settings();
    const std::string got = peer_.got();
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(got.data()),
                             got.size());
    const std::string said = says();
    if (!said.empty() && !peer_.closed()) peer_.sends(said);
    return !got.empty() || !said.empty();
  }

  // What it has to say, without sending it.
  std::string says() {
    std::string said;
    const std::uint8_t* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_, &bytes)) > 0;)
      said.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    return said;
  }

  void head(std::int32_t id, std::string_view status, const Fields& fields = {},
            bool ends = false) {
    submit_head(id, status, fields, ends ? NGHTTP2_FLAG_END_STREAM : NGHTTP2_FLAG_NONE);
  }
  void gives(std::int32_t id, std::string_view text, bool ends = false,
             const Fields& trailers = {});
  void answers(std::int32_t id, std::string_view status, std::string_view text,
               const Fields& fields = {}) {
    head(id, status, fields, text.empty());
    if (!text.empty()) gives(id, text, true);
  }
  void resets(std::int32_t id, std::uint32_t code) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
  }
  void says_goaway(std::int32_t last_id) {
    nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_id, NGHTTP2_NO_ERROR, nullptr, 0);
  }
  // Lets the client send so many bytes more.
  void takes(std::int32_t id, std::int32_t bytes) {
    nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, id, bytes);
    nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, 0, bytes);
  }
  // How much the client lets it send on a stream; id 0: on the connection.
  std::int32_t may_send(std::int32_t id) {
    return id == 0 ? nghttp2_session_get_remote_window_size(session_)
                   : nghttp2_session_get_stream_remote_window_size(session_, id);
  }

  Seen& seen(std::int32_t id) {
    return *std::find_if(requests.begin(), requests.end(),
                         [id](const Seen& stream) { return stream.id == id; });
  }

  std::deque<Seen> requests;
  int pings = 0;
  std::optional<std::uint32_t> goaway;  // The client's.

 private:
  void submit_head(std::int32_t id, std::string_view status, const Fields& fields,
                   std::uint8_t flags);

  ScriptedPeer& peer_;
  nghttp2_session* session_ = nullptr;
  bool greeted_ = false;
};

// What nghttp2 calls back.
struct Http2BackendEvents {
  using Seen = Http2Backend::Seen;

  static Http2Backend& self(void* user) { return *static_cast<Http2Backend*>(user); }
  static std::uint8_t* bytes_of(std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  static int begun(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      Seen stream;
      stream.id = frame->hd.stream_id;
      self(user).requests.push_back(std::move(stream));
    }
    return 0;
  }
  static int field(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                   std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                   std::uint8_t, void* user) {
    Seen& stream = self(user).seen(frame->hd.stream_id);
    const std::string key(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream.fields[key] = text;
    } else {
      stream.trailers += key + ": " + text + "\n";
    }
    return 0;
  }
  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    self(user).seen(id).body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Http2Backend& backend = self(user);
    const std::uint8_t type = frame->hd.type;
    if (type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) ++backend.pings;
    if (type == NGHTTP2_GOAWAY) backend.goaway = frame->goaway.error_code;
    if (type == NGHTTP2_RST_STREAM)
      backend.seen(frame->hd.stream_id).reset = frame->rst_stream.error_code;
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && (type == NGHTTP2_HEADERS || type == NGHTTP2_DATA))
      backend.seen(frame->hd.stream_id).ended = true;
    return 0;
  }
  static ssize_t read(nghttp2_session* session, std::int32_t id, std::uint8_t* to, std::size_t most,
                      std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Seen& stream = self(user).seen(id);
    const std::size_t size = std::min(most, stream.to_send.size());
    if (size == 0 && !stream.ends) return NGHTTP2_ERR_DEFERRED;
    std::memcpy(to, stream.to_send.data(), size);
    stream.to_send.erase(0, size);
    if (!stream.to_send.empty() || !stream.ends) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream.trailers_to_send.empty()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    std::vector<nghttp2_nv> all;
    for (const auto& [name, value] : stream.trailers_to_send)
      all.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), 0});
    nghttp2_submit_trailer(session, id, all.data(), all.size());
    return static_cast<ssize_t>(size);
  }
};

inline Http2Backend::Http2Backend(ScriptedPeer& peer) : peer_(peer) {
  using Events = Http2BackendEvents;
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Events::begun);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Events::field);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Events::data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Events::frame);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_server_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
}

inline void Http2Backend::submit_head(std::int32_t id, std::string_view status,
                                      const Fields& fields, std::uint8_t flags) {
  std::vector<nghttp2_nv> all{nghttp2_nv{Http2BackendEvents::bytes_of(":status"),
                                         Http2BackendEvents::bytes_of(status), 7, status.size(),
                                         0}};
  for (const auto& [name, value] : fields)
    all.push_back({Http2BackendEvents::bytes_of(name), Http2BackendEvents::bytes_of(value),
                   name.size(), value.size(), 0});
  nghttp2_submit_headers(session_, flags, id, nullptr, all.data(), all.size(), nullptr);
}

inline void Http2Backend::gives(std::int32_t id, std::string_view text, bool ends,
                                const Fields& trailers) {
  Seen& stream = seen(id);
  stream.to_send += text;
  stream.ends = ends;
  stream.trailers_to_send = trailers;
  if (std::exchange(stream.sends, true)) {
    nghttp2_session_resume_data(session_, id);
    return;
  }
  nghttp2_data_provider provider{};
  provider.read_callback = Http2BackendEvents::read;
  nghttp2_submit_data(session_, NGHTTP2_FLAG_END_STREAM, id, &provider);
}

}  // namespace skiff
