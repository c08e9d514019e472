#include "component/http/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <stdexcept>

namespace firstseen::http::test {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void must(bool done) {
  if (!done) throw std::runtime_error("OpenSSL makes no certificate");
}

std::string written(const Owned<BIO>& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void add_name(X509* certificate, const std::string& name) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const auto* bytes = reinterpret_cast<const unsigned char*>(name.data());
  must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, bytes, static_cast<int>(name.size()), -1, 0) == 1);
  must(X509_set_issuer_name(certificate, subject) == 1);
}

void add_address(X509* certificate) {
  const Owned<X509_EXTENSION> address(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost"));
  must(address && X509_add_ext(certificate, address.get(), -1) == 1);
}

}  // namespace

CertificateAndKey make_certificate(const std::string& name, std::chrono::hours from, std::chrono::hours until) {
  const Owned<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const Owned<X509> certificate(X509_new());
  must(key && certificate);
  must(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  must(ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1) == 1);
  std::time_t now = std::time(nullptr);
  must(X509_time_adj(X509_getm_notBefore(certificate.get()), std::chrono::seconds(from).count(), &now) != nullptr);
  must(X509_time_adj(X509_getm_notAfter(certificate.get()), std::chrono::seconds(until).count(), &now) != nullptr);
  add_name(certificate.get(), name);
  add_address(certificate.get());
  must(X509_set_pubkey(certificate.get(), key.get()) == 1);
  must(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0);

  const Owned<BIO> certificate_pem(BIO_new(BIO_s_mem()));
  const Owned<BIO> key_pem(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(certificate_pem.get(), certificate.get()) == 1);
  must(PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {.certificate = written(certificate_pem), .key = written(key_pem)};
}

std::string encrypt(const std::string& key) {
  const Owned<BIO> plain(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  const Owned<EVP_PKEY> read(PEM_read_bio_PrivateKey(plain.get(), nullptr, nullptr, nullptr));
  const Owned<BIO> pem(BIO_new(BIO_s_mem()));
  const std::string password = "hush";
  must(read && PEM_write_bio_PKCS8PrivateKey(pem.get(), read.get(), EVP_aes_256_cbc(), password.data(),
                                             static_cast<int>(password.size()), nullptr, nullptr) == 1);
  return written(pem);
}

}  // namespace firstseen::http::test
