#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/certificate.h"
#include "tests/support/certificates.h"
#include "tests/support/pipe.h"

namespace skiff::test {

// OpenSSL as it is, without any rule of ours: a client that may do wrong.
class RawTlsClient final {
 public:
  // `issued` null: it has no certificate. `prepare` sets up what is unusual.
  RawTlsClient(
      const Issued* issued, Pipe& pipe,
      const std::function<void(SSL_CTX&)>& prepare = [](SSL_CTX&) {})
      : pipe_(pipe), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_security_level(context_.get(), 0);
    if (issued != nullptr) show(*issued);
    prepare(*context_);
    begin();
  }

  // A new connection over `pipe` that offers `session`.
  void begin(SSL_SESSION* session = nullptr) {
    if (ssl_ != nullptr)
      SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN);  // Or it spoils its session.
    ssl_.reset(SSL_new(context_.get()));
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_connect_state(ssl_.get());
    if (session != nullptr) SSL_set_session(ssl_.get(), session);
  }

  SSL& ssl() { return *ssl_; }

  // Takes what has come, does what it can, and sends what that gave. False: nothing moved.
  bool step() {
    std::string came = std::exchange(pipe_.to_client().flight, {});
    BIO_write(in_, came.data(), static_cast<int>(came.size()));
    if (SSL_is_init_finished(ssl_.get()) == 0) SSL_do_handshake(ssl_.get());
    read();
    return push() || !came.empty();
  }

  bool send(std::string_view text) {
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
  }

  // What it made goes on the wire.
  bool push() {
    char bytes[4096];
    bool any = false;
    for (int count; (count = BIO_read(out_, bytes, sizeof bytes)) > 0; any = true) {
      pipe_.to_server().flight.append(bytes, static_cast<std::size_t>(count));
    }
    return any;
  }

  std::string got;
  std::string error;  // What OpenSSL says of the alert that came.

 private:
  void show(const Issued& issued) {
    SSL_CTX_use_certificate(context_.get(), issued.certificate.get());
    const auto between = read_certificates(issued.intermediates);
    for (const CertificatePtr& one : *between) SSL_CTX_add1_chain_cert(context_.get(), one.get());
    SSL_CTX_use_PrivateKey(context_.get(), issued.key.get());
  }

  void read() {
    char bytes[4096];
    for (int count; (count = SSL_read(ssl_.get(), bytes, sizeof bytes)) > 0;) {
      got.append(bytes, static_cast<std::size_t>(count));
    }
    if (const unsigned long code = ERR_peek_error(); code != 0 && error.empty()) {
      error = ERR_reason_error_string(code);
    }
    ERR_clear_error();
  }

  Pipe& pipe_;
  SslContextPtr context_;
  SslPtr ssl_;
  BIO* in_ = nullptr;  // Both belong to ssl_.
  BIO* out_ = nullptr;
};

}  // namespace skiff::test
