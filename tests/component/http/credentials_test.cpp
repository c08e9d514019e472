#include "http/credentials.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/clock.h"
#include "component/http/certificate.h"
#include "support/temporary_directory.h"

namespace firstseen::http {
namespace {

using std::chrono::hours;
using test::make_certificate;

class CredentialFiles : public ::testing::Test {
 protected:
  tl::expected<Credentials, Complaint> read(const std::string& certificate, const std::string& key) {
    std::ofstream(files_.certificate, std::ios::binary) << certificate;
    std::ofstream(files_.key, std::ios::binary) << key;
    return read_credentials(files_);
  }
  void expect_complaint(const std::string& certificate, const std::string& key, std::string_view option,
                        std::string_view text) {
    const auto refused = read(certificate, key);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().option, option) << refused.error().text;
    EXPECT_NE(refused.error().text.find(text), std::string::npos) << refused.error().text;
  }

  firstseen::test::TemporaryDirectory directory_;
  TlsFiles files_{.certificate = directory_.path() / "tls.crt", .key = directory_.path() / "tls.key"};
  test::CertificateAndKey one_ = make_certificate("one");
  test::CertificateAndKey two_ = make_certificate("two", hours(-48), hours(-1));
};

TEST_F(CredentialFiles, AreTakenAsTheyAre) {
  const auto made = read(one_.certificate, one_.key);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->certificates, one_.certificate);
  EXPECT_EQ(made->key, one_.key);
  EXPECT_EQ(made->subject, "CN=one");
  EXPECT_EQ(made->valid_until_ms - made->valid_from_ms, Millis(hours(25)).count());
  EXPECT_EQ(made->own_until_ms, made->valid_until_ms);
}

TEST_F(CredentialFiles, MayBeOneFileWithBothAndTextBetweenThem) {
  const std::string both = "Bag Attributes\n" + one_.key + "subject=CN = one\n" + one_.certificate;
  const auto made = read(both, both);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->subject, "CN=one");
}

TEST_F(CredentialFiles, AreValidForAsLongAsEveryCertificateOfTheChainIs) {
  const auto made = read(one_.certificate + two_.certificate, one_.key);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->subject, "CN=one");
  EXPECT_NE(doubt(*made, SystemClock().wall_ms()).find("has expired"), std::string::npos);
  EXPECT_EQ(made->own_until_ms, read(one_.certificate, one_.key)->own_until_ms) << "the listener's own has not";
}

TEST_F(CredentialFiles, AreDoubtedBeforeAndAfterTheirTimeOnly) {
  const auto made = read(one_.certificate, one_.key);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(doubt(*made, made->valid_from_ms), "");
  EXPECT_EQ(doubt(*made, made->valid_until_ms), "");
  EXPECT_NE(doubt(*made, made->valid_until_ms + 1).find("has expired"), std::string::npos);
  EXPECT_NE(doubt(*made, made->valid_from_ms - 1).find("is not valid yet"), std::string::npos);
}

TEST_F(CredentialFiles, ThatAreNotWhatTheyShallBeAreRefusedEachWithItsReason) {
  constexpr std::string_view certificate = "http.tls.certificate";
  constexpr std::string_view key = "http.tls.key";
  expect_complaint("", one_.key, certificate, "without a certificate in PEM");
  expect_complaint(one_.key, one_.key, certificate, "without a certificate in PEM");
  expect_complaint(std::string("\x30\x82\x01\0", 4), one_.key, certificate, "without a certificate in PEM");
  std::string damaged = one_.certificate;
  damaged.replace(damaged.size() / 2, 4, "????");
  expect_complaint(damaged, one_.key, certificate, "certificate number 1 is damaged");
  expect_complaint(one_.certificate + damaged, one_.key, certificate, "certificate number 2 is damaged");
  const std::string cut = one_.certificate.substr(0, one_.certificate.size() / 2);
  expect_complaint(one_.certificate + cut, one_.key, certificate, "certificate number 2 is damaged");
  expect_complaint(one_.certificate + std::string(1U << 20U, 'x'), one_.key, certificate, "larger than 1 MiB");
  expect_complaint(one_.certificate, "", key, "without a private key in PEM");
  expect_complaint(one_.certificate, one_.certificate, key, "without a private key in PEM");
  expect_complaint(one_.certificate, test::encrypt(one_.key), key, "is encrypted");
  expect_complaint(one_.certificate, two_.key, key, "is not the key of the certificate");
  expect_complaint(two_.certificate + one_.certificate, one_.key, key, "is not the key of the certificate");
}

TEST_F(CredentialFiles, ThatCannotBeReadAreNamed) {
  const auto neither = read_credentials(files_);
  ASSERT_FALSE(neither);
  EXPECT_EQ(neither.error().option, "http.tls.certificate");
  EXPECT_EQ(neither.error().text, "names a file that cannot be read: No such file or directory");
  std::ofstream(files_.certificate) << one_.certificate;
  files_.key = directory_.path();
  const auto folder = read_credentials(files_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().option, "http.tls.key");
  EXPECT_EQ(folder.error().text, "names a file that cannot be read: Is a directory");
}

}  // namespace
}  // namespace firstseen::http
