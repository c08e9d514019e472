#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/clock.h"
#include "component/daemon/daemon.h"
#include "component/daemon/log_address.h"
#include "component/http/certificate.h"
#include "component/http/tls_client.h"
#include "support/metrics_text.h"

// The program's pages over TLS: http.tls of the configuration, from its check to a renewed certificate.

namespace firstseen::test {
namespace {

using http::test::CertificateAndKey;
using http::test::make_certificate;
using http::test::tls_get;
using std::chrono::hours;

class TlsPages : public Daemon {
 protected:
  void SetUp() override {
    Daemon::SetUp();
    show(one_);
    configure();
  }

  [[nodiscard]] std::string certificate() const { return scene_->config() + ".crt"; }
  [[nodiscard]] std::string key() const { return scene_->config() + ".key"; }
  void show(const CertificateAndKey& made) const {
    std::ofstream(certificate()) << made.certificate;
    std::ofstream(key()) << made.key;
  }
  void configure(const std::string& more_http = "", const std::string& more = "") const {
    scene_->configure(
        more, "payload:/order/id",
        "{listen: \"127.0.0.1:0\", tls: {certificate: " + certificate() + ", key: " + key() + "}" + more_http + "}");
  }

  static std::string all_pages(const Program& daemon) {
    return log_address(daemon, "metrics, status and probes at https://");
  }
  static ::testing::AssertionResult answers(const std::string& at, const CertificateAndKey& trusted) {
    const bool reached = eventually([&] { return tls_get(at, trusted.certificate, "/livez").status == 200; });
    return reached ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << "no /livez by this certificate";
  }
  /// By the store, so that it is the daemon that reads the file.
  void expect_refused(const std::string& text) const {
    const Finished finished = test::run({"reload", "--store", scene_->store()});
    EXPECT_EQ(finished.status, 78) << finished.out;
    EXPECT_NE(finished.err.find(text), std::string::npos) << finished.err;
  }

  CertificateAndKey one_ = make_certificate("one");
  CertificateAndKey two_ = make_certificate("two");
};

TEST_F(TlsPages, AskForTheTokenAndAnswerNoPlainRequest) {
  const std::string token = scene_->config() + ".token";
  std::ofstream(token) << "s3cret\n";
  configure(", token_file: " + token);
  Program daemon(command("run"));
  const std::string at = all_pages(daemon);
  ASSERT_TRUE(answers(at, one_)) << daemon.log();
  const auto status_of = [&](const std::string& path, const std::string& headers) {
    return tls_get(at, one_.certificate, path, headers).status;
  };
  EXPECT_EQ(status_of("/metrics", ""), 401);
  EXPECT_EQ(status_of("/metrics", "Authorization: Bearer wrong\r\n"), 401);
  EXPECT_EQ(status_of("/metrics", "Authorization: Bearer s3cret\r\n"), 200);
  EXPECT_EQ(http::test::get(at, "/livez").status, 0);
  EXPECT_NE(daemon.log().find("http.tls: a certificate of CN=one, valid until 2"), std::string::npos) << daemon.log();
  EXPECT_TRUE(state("running")) << "the control socket needs none of this: " << daemon.log();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait().status, 0) << daemon.log();
}

TEST_F(TlsPages, LeaveProbesThatHaveAListenerOfTheirOwnPlain) {
  configure(", probe_listen: \"127.0.0.1:0\"");
  Program daemon(command("run"));
  const std::string facts = log_address(daemon, "metrics and status at https://");
  const std::string probes = log_address(daemon, "probes at http://");
  EXPECT_EQ(http::test::get(probes, "/livez").status, 200) << daemon.log();
  EXPECT_EQ(tls_get(facts, one_.certificate, "/livez").status, 404);
  EXPECT_EQ(tls_get(facts, one_.certificate, "/metrics").status, 200);
}

TEST_F(TlsPages, ShowARenewedCertificateAfterAReload) {
  Program daemon(command("run"));
  const std::string at = all_pages(daemon);
  ASSERT_TRUE(state("running")) << daemon.log();
  ASSERT_TRUE(answers(at, one_));
  show(two_);
  const Finished reloaded = test::run(command("reload"));
  EXPECT_EQ(reloaded.status, 0) << reloaded.err;
  EXPECT_EQ(reloaded.out, "the configuration is as it was; read again, and new: http.tls.certificate\n");
  EXPECT_TRUE(answers(at, two_)) << daemon.log();
  EXPECT_NE(daemon.log().find("http.tls: a certificate of CN=two"), std::string::npos) << daemon.log();
  show(one_);
  daemon.signal(SIGHUP);
  EXPECT_TRUE(answers(at, one_)) << daemon.log();
}

TEST_F(TlsPages, TellInTheMetricsWhenTheCertificateThatIsShownEnds) {
  const std::string name = "firstseen_http_certificate_expiry_timestamp_seconds";
  constexpr double day = 86'400;
  constexpr double slack = 1'200;
  Program daemon(command("run"));
  const std::string at = all_pages(daemon);
  ASSERT_TRUE(state("running")) << daemon.log();
  ASSERT_TRUE(answers(at, one_));
  const double ends = read_metrics(tls_get(at, one_.certificate, "/metrics").body)[name];
  EXPECT_NEAR(ends, static_cast<double>(SystemClock().wall_ms()) / 1000 + day, slack);

  const CertificateAndKey renewed = make_certificate("renewed", hours(-1), hours(48));
  show(renewed);
  EXPECT_EQ(test::run(command("reload")).status, 0);
  ASSERT_TRUE(answers(at, renewed)) << daemon.log();
  EXPECT_NEAR(read_metrics(tls_get(at, renewed.certificate, "/metrics").body)[name], ends + day, slack);

  scene_->configure("", "payload:/order/id", "{listen: \"127.0.0.1:0\"}");
  EXPECT_EQ(test::run(command("reload")).status, 0);
  Samples plain;
  EXPECT_TRUE(eventually([&] {
    plain = read_metrics(http::test::get(at, "/metrics").body);
    return !plain.empty();
  })) << daemon.log();
  EXPECT_FALSE(plain.contains(name));
}

TEST_F(TlsPages, KeepTheCertificateWhenTheNewOneIsBrokenAndChangeNothingElse) {
  Program daemon(command("run"));
  const std::string at = all_pages(daemon);
  ASSERT_TRUE(state("running")) << daemon.log();
  configure("", "window: {ttl: 1h}\n");
  std::ofstream(key()) << two_.key;
  expect_refused("http.tls.key: is not the key of the certificate");
  std::filesystem::remove(certificate());
  expect_refused("firstseen.yaml:6:50: http.tls.certificate: names a file that cannot be read");
  EXPECT_TRUE(answers(at, one_)) << daemon.log();
  EXPECT_NE(daemon.log().find("was not reloaded"), std::string::npos) << daemon.log();
  const Json now = status();
  ASSERT_TRUE(now.is_object()) << "a command that reads no certificate does not miss it";
  EXPECT_EQ(now["configured_window_ms"], 86'400'000);
}

TEST_F(TlsPages, BecomePlainAndBackByAReload) {
  Program daemon(command("run"));
  const std::string at = all_pages(daemon);
  ASSERT_TRUE(state("running")) << daemon.log();
  scene_->configure("", "payload:/order/id", "{listen: \"127.0.0.1:0\"}");
  const Finished plain = test::run(command("reload"));
  EXPECT_EQ(plain.out, "the configuration has changed: http.tls.certificate, http.tls.key\n") << plain.err;
  EXPECT_TRUE(eventually([&] { return http::test::get(at, "/livez").status == 200; })) << daemon.log();
  configure();
  EXPECT_EQ(test::run(command("reload")).status, 0);
  EXPECT_TRUE(answers(at, one_)) << daemon.log();
}

TEST_F(TlsPages, AreRefusedBeforeTheStoreIsTouchedWhenTheKeyDoesNotFit) {
  std::ofstream(key()) << two_.key;
  for (const char* name : {"run", "validate"}) {
    const Finished refused = test::run(command(name));
    EXPECT_EQ(refused.status, 78) << name;
    EXPECT_NE(refused.err.find("http.tls.key: is not the key of the certificate"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("firstseen.yaml:6:"), std::string::npos) << refused.err;
  }
  EXPECT_FALSE(std::filesystem::exists(scene_->store()));
}

TEST_F(TlsPages, ByAnExpiredCertificateAreServedWithAWarning) {
  show(make_certificate("old", hours(-48), hours(-24)));
  configure(", probe_listen: \"127.0.0.1:0\"");
  const Finished valid = test::run(command("validate"));
  EXPECT_EQ(valid.status, 0);
  EXPECT_NE(valid.err.find("http.tls.certificate: has expired"), std::string::npos) << valid.err;
  EXPECT_EQ(valid.err.find("http.probe_listen"), std::string::npos) << valid.err;
  const Json report = Json::parse(test::run(command("validate", {"--json"})).out);
  EXPECT_EQ(report["valid"], true);
  EXPECT_EQ(report["remarks"].size(), 1U) << report;
  Program daemon(command("run"));
  EXPECT_TRUE(eventually([&] { return daemon.log().find("http.tls.certificate: has expired") != std::string::npos; }))
      << daemon.log();
}

TEST_F(TlsPages, WithProbesAmongThemAreRemarkedByValidate) {
  const Finished valid = test::run(command("validate"));
  EXPECT_EQ(valid.status, 0);
  EXPECT_NE(valid.err.find("http.probe_listen: is empty"), std::string::npos) << valid.err;
  EXPECT_NE(valid.err.find("scheme: HTTPS"), std::string::npos) << valid.err;
}

}  // namespace
}  // namespace firstseen::test
