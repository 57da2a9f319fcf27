#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>

namespace skiff {

class Http2Session;
class Http2Stream;

// What nghttp2 calls back, as it wants it; session.cpp hands them over.
struct Http2Events {
  static const nghttp2_session_callbacks* callbacks();

  static ssize_t read_body(nghttp2_session* h2, std::int32_t id, std::uint8_t* to, std::size_t most,
                           std::uint32_t* flags, nghttp2_data_source* source, void* user);

 private:
  static Http2Stream* stream_of(nghttp2_session* h2, std::int32_t id);
  static int send_body(nghttp2_session* h2, nghttp2_frame* frame, const std::uint8_t* head,
                       std::size_t size, nghttp2_data_source* source, void* user);
  static int begin(nghttp2_session* h2, const nghttp2_frame_hd* head, void* user);
  static int refused(nghttp2_session* h2, const nghttp2_frame* frame, int error, void* user);
  static int begin_fields(nghttp2_session* h2, const nghttp2_frame* frame, void* user);
  static int field(nghttp2_session* h2, const nghttp2_frame* frame, const std::uint8_t* name,
                   std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                   std::uint8_t flags, void* user);
  static int body(nghttp2_session* h2, std::uint8_t flags, std::int32_t id,
                  const std::uint8_t* bytes, std::size_t size, void* user);
  static int received(nghttp2_session* h2, const nghttp2_frame* frame, void* user);
  static int sent(nghttp2_session* h2, const nghttp2_frame* frame, void* user);
  static int stream_closed(nghttp2_session* h2, std::int32_t id, std::uint32_t code, void* user);

  static void received_echo(Http2Session& session);
  static void received_reset(Http2Session& session);
  static void answered(Http2Session& session);
  static void received_fields(Http2Session& session, Http2Stream& stream,
                              const nghttp2_frame& frame);
  static void received_data(Http2Session& session, Http2Stream* stream, const nghttp2_frame& frame);
  static void received_settings(Http2Session& session, const nghttp2_frame& frame);
};

}  // namespace skiff
