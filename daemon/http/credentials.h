#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <tl/expected.hpp>

#include "http/complaint.h"

namespace firstseen::http {

/// http.tls of the configuration.
struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// By what a listener speaks TLS: a certificate and the private key that belongs to it.
struct Credentials {
  std::string certificates;  ///< PEM; the listener's own, then those that lead to its authority
  std::string key;           ///< PEM
  std::string subject;       ///< the first certificate's
  std::int64_t valid_from_ms = 0;
  std::int64_t valid_until_ms = 0;  ///< until the first of them ends
  std::int64_t own_until_ms = 0;    ///< until the listener's own ends

  bool operator==(const Credentials&) const = default;
};

/// Reads both files and compares them with each other.
tl::expected<Credentials, Complaint> read_credentials(const TlsFiles& files);

/// Why clients refuse them at this time, as a text that follows http.tls.certificate; empty: they do not.
std::string doubt(const Credentials& credentials, std::int64_t now_ms);

}  // namespace firstseen::http
