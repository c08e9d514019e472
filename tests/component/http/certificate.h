#pragma once

#include <chrono>
#include <string>

namespace firstseen::http::test {

/// A certificate and its private key, in PEM.
struct CertificateAndKey {
  std::string certificate;
  std::string key;
};

/// A self-signed certificate for 127.0.0.1, of this common name and with a key of its own, valid from and until then,
/// counted from now.
CertificateAndKey make_certificate(const std::string& name, std::chrono::hours from = std::chrono::hours(-1),
                                   std::chrono::hours until = std::chrono::hours(24));

/// The key behind a password.
std::string encrypt(const std::string& key);

}  // namespace firstseen::http::test
