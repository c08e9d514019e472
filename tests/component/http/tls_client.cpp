#include "component/http/tls_client.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <csignal>
#include <stdexcept>

namespace firstseen::http::test {
namespace {

constexpr timeval patience{.tv_sec = 30, .tv_usec = 0};

void trust(SSL_CTX* context, const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  while (X509* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
    X509_free(certificate);
  }
  BIO_free(bio);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

/// Whatever this machine's OpenSSL is told to refuse.
void speak_only(SSL_CTX* context, int version) {
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
}

}  // namespace

void TlsConnection::Free::operator()(ssl_st* tls) const { SSL_free(tls); }
void TlsConnection::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

TlsConnection::TlsConnection(const std::string& address, const std::string& trusted, Protocol protocol)
    : socket_(connect_to(address)), context_(SSL_CTX_new(TLS_client_method())) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));  // OpenSSL writes to sockets that the other side has closed
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  trust(context_.get(), trusted);
  if (protocol == Protocol::tls_1_2) speak_only(context_.get(), TLS1_2_VERSION);
  if (protocol == Protocol::tls_1_1) speak_only(context_.get(), TLS1_1_VERSION);
  tls_.reset(SSL_new(context_.get()));
  if (!tls_) throw std::runtime_error("OpenSSL makes no connection");
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), "127.0.0.1");
  SSL_set_fd(tls_.get(), socket_.get());
  open_ = SSL_connect(tls_.get()) == 1;
}

std::string TlsConnection::protocol() const { return SSL_get_version(tls_.get()); }

Reply TlsConnection::converse(std::string_view bytes) {
  if (!open_) return {};
  SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));  // what comes back tells
  std::string text;
  std::array<char, 65536> piece{};
  int got = 0;
  while ((got = SSL_read(tls_.get(), piece.data(), static_cast<int>(piece.size()))) > 0) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return parse_reply(text);
}

Reply TlsConnection::get(std::string_view path, std::string_view headers) {
  return converse(fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", path, headers));
}

}  // namespace firstseen::http::test
