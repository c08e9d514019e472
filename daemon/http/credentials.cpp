#include "http/credentials.h"

#include <fmt/format.h>
#include <microhttpd.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/time_text.h"

namespace firstseen::http {
namespace {

constexpr std::size_t longest_file = 1U << 20U;
constexpr std::string_view certificate_option = "http.tls.certificate";
constexpr std::string_view key_option = "http.tls.key";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

tl::unexpected<Complaint> complain(std::string_view option, std::string text) {
  return tl::unexpected(Complaint{option, std::move(text)});
}

tl::expected<std::string, Complaint> contents(std::string_view option, const std::filesystem::path& file) {
  const auto unreadable = [&](int error) {
    return complain(option, "names a file that cannot be read: " + std::generic_category().message(error));
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return unreadable(EISDIR);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return unreadable(errno);
  std::string text(longest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return unreadable(EIO);
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
  if (text.size() > longest_file) return complain(option, "names a file that is larger than 1 MiB; it must be PEM");
  return text;
}

Bio reader_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// Asks nobody, and tells that a password would be needed.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// Whether OpenSSL's last error is that there is nothing (more) of what was looked for; forgets all errors.
bool found_no_more() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

tl::expected<std::vector<Certificate>, Complaint> certificates_in(const std::string& pem) {
  std::vector<Certificate> found;
  const Bio bio = reader_of(pem);
  bool asked = false;
  ERR_clear_error();
  while (Certificate one{PEM_read_bio_X509(bio.get(), nullptr, no_password, &asked)}) found.push_back(std::move(one));
  if (!found_no_more()) {
    return complain(certificate_option,
                    fmt::format("names a file whose certificate number {} is damaged", found.size() + 1));
  }
  if (found.empty()) {
    return complain(certificate_option,
                    "names a file without a certificate in PEM (-----BEGIN CERTIFICATE-----); 'openssl x509 -inform "
                    "der' makes one of DER");
  }
  return found;
}

tl::expected<Key, Complaint> key_in(const std::string& pem) {
  const Bio bio = reader_of(pem);
  bool asked = false;
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, &asked));
  ERR_clear_error();
  if (key) return key;
  if (asked) {
    return complain(key_option,
                    "names a file whose key is encrypted, and a daemon has nobody to ask for the password: 'openssl "
                    "pkey -in FILE -out OTHER' decrypts it");
  }
  return complain(key_option, "names a file without a private key in PEM (-----BEGIN PRIVATE KEY-----)");
}

std::int64_t ms_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
}

std::string subject_of(const X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

tl::expected<Credentials, Complaint> read_credentials(const TlsFiles& files) {
  if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
    return complain(certificate_option,
                    fmt::format("cannot be had: libmicrohttpd {} on this machine was built without TLS; leave http.tls "
                                "out and let a proxy end it",
                                MHD_get_version()));
  }
  auto pem = contents(certificate_option, files.certificate);
  if (!pem) return tl::unexpected(pem.error());
  const auto certificates = certificates_in(*pem);
  if (!certificates) return tl::unexpected(certificates.error());
  auto key_pem = contents(key_option, files.key);
  if (!key_pem) return tl::unexpected(key_pem.error());
  const auto key = key_in(*key_pem);
  if (!key) return tl::unexpected(key.error());
  const bool fits = X509_check_private_key(certificates->front().get(), key->get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return complain(key_option,
                    "is not the key of the certificate in http.tls.certificate (of the first one in that file)");
  }
  Credentials made{.certificates = std::move(*pem),
                   .key = std::move(*key_pem),
                   .subject = subject_of(certificates->front().get()),
                   .valid_from_ms = std::numeric_limits<std::int64_t>::min(),
                   .valid_until_ms = std::numeric_limits<std::int64_t>::max(),
                   .own_until_ms = ms_of(X509_get0_notAfter(certificates->front().get()))};
  for (const Certificate& one : *certificates) {
    made.valid_from_ms = std::max(made.valid_from_ms, ms_of(X509_get0_notBefore(one.get())));
    made.valid_until_ms = std::min(made.valid_until_ms, ms_of(X509_get0_notAfter(one.get())));
  }
  return made;
}

std::string doubt(const Credentials& credentials, std::int64_t now_ms) {
  if (now_ms > credentials.valid_until_ms) {
    return fmt::format("has expired, and clients refuse it: it was valid until {}",
                       format_time(credentials.valid_until_ms));
  }
  if (now_ms < credentials.valid_from_ms) {
    return fmt::format("is not valid yet, and clients refuse it: it is valid from {}",
                       format_time(credentials.valid_from_ms));
  }
  return {};
}

}  // namespace firstseen::http
