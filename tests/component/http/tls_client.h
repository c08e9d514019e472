#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "component/http/client.h"

struct ssl_st;
struct ssl_ctx_st;

namespace firstseen::http::test {

/// A connection over TLS to a server for 127.0.0.1 whose certificate is one of these (PEM), and no other.
class TlsConnection {
 public:
  enum class Protocol { any, tls_1_2, tls_1_1 };
  TlsConnection(const std::string& address, const std::string& trusted, Protocol protocol = Protocol::any);

  /// Whether the handshake ended well.
  [[nodiscard]] bool open() const { return open_; }
  /// "TLSv1.3"
  [[nodiscard]] std::string protocol() const;
  /// Sends these bytes, then reads until the other side closes; status 0 without a handshake.
  Reply converse(std::string_view bytes);
  /// One well-formed request; `headers` end in CRLF each.
  Reply get(std::string_view path, std::string_view headers = "");

 private:
  struct Free {
    void operator()(ssl_st* tls) const;
    void operator()(ssl_ctx_st* context) const;
  };
  control::Fd socket_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<ssl_st, Free> tls_;
  bool open_ = false;
};

inline Reply tls_get(const std::string& address, const std::string& trusted, std::string_view path,
                     std::string_view headers = "") {
  return TlsConnection(address, trusted).get(path, headers);
}

}  // namespace firstseen::http::test
