#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <vector>

#include "component/http/certificate.h"
#include "component/http/client.h"
#include "component/http/echo_server.h"
#include "component/http/tls_client.h"

// The server with a certificate: everything of server_test.cpp holds below TLS, and a handshake is bounded as well.

namespace firstseen::http::test {
namespace {

using std::chrono::steady_clock;

Credentials credentials(const CertificateAndKey& made) {
  Credentials fresh;
  fresh.certificates = made.certificate;
  fresh.key = made.key;
  return fresh;
}

class HttpsServer : public EchoServer {
 protected:
  HttpsServer() { credentials_ = credentials(one_); }

  [[nodiscard]] int status(const CertificateAndKey& trusted) const {
    return tls_get(address(), trusted.certificate, "/a").status;
  }

  CertificateAndKey one_ = make_certificate("one");
  CertificateAndKey two_ = make_certificate("two");
};

TEST_F(HttpsServer, AnswersWithStatusHeadersAndBody) {
  const Reply reply = tls_get(address(), one_.certificate, "/page?query=1", "Authorization: Bearer t\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "GET /page Bearer t");
  EXPECT_TRUE(reply.has_header("X-Mine: yes")) << reply.head;
  EXPECT_EQ(status(two_), 0) << "or the client's trust would prove nothing";
}

TEST_F(HttpsServer, SendsALargePageWhole) {
  EXPECT_EQ(tls_get(address(), one_.certificate, "/large").body.size(), 4'000'000U);
}

TEST_F(HttpsServer, SpeaksTls12And13AndNothingOlder) {
  using Protocol = TlsConnection::Protocol;
  EXPECT_EQ(TlsConnection(address(), one_.certificate).protocol(), "TLSv1.3");
  TlsConnection older(address(), one_.certificate, Protocol::tls_1_2);
  EXPECT_EQ(older.protocol(), "TLSv1.2");
  EXPECT_EQ(older.get("/a").status, 200);
  EXPECT_FALSE(TlsConnection(address(), one_.certificate, Protocol::tls_1_1).open());
}

TEST_F(HttpsServer, GivesAPlainRequestNothingAndGoesOn) {
  for (const std::string& bytes :
       {std::string("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), std::string("\r\n\r\n"),
        std::string("\x16\x03\x01\xff\xff\x01"), std::string("\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9)}) {
    const control::Fd socket = connect_to(address());
    ASSERT_TRUE(control::write_all(socket, bytes, Millis{5'000}));
    ::shutdown(socket.get(), SHUT_WR);
    EXPECT_EQ(read_reply(socket).status, 0);
    ASSERT_EQ(status(one_), 200);
  }
}

TEST_F(HttpsServer, RefusesAMegabyteOfHeaders) {
  const std::string one = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(1'000'000, 'x') + "\r\n\r\n";
  const Reply reply = TlsConnection(address(), one_.certificate).converse(one);
  EXPECT_TRUE(reply.status == 431 || reply.status == 0) << reply.head;
  EXPECT_EQ(status(one_), 200);
}

TEST_F(HttpsServer, ServesOthersWhileHandshakesDoNotGoOn) {
  std::vector<control::Fd> silent;
  for (int count = 0; count < 20; ++count) {
    silent.push_back(connect_to(address()));
    if (count % 2 == 0) {
      ASSERT_TRUE(control::write_all(silent.back(), "\x16\x03\x01", Millis{5'000}));
    }
  }
  for (int count = 0; count < 5; ++count) EXPECT_EQ(status(one_), 200);
}

TEST_F(HttpsServer, CutsOffAHandshakeThatSendsAByteNowAndThen) {
  start({.time = Millis{1'000}});
  const control::Fd slow = connect_to(address());
  const std::string hello = std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, 'x');
  bool open = true;
  const auto deadline = steady_clock::now() + std::chrono::seconds(30);
  for (std::size_t sent = 0; open && steady_clock::now() < deadline; ++sent) {
    pollfd entry{.fd = slow.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
    open = ::poll(&entry, 1, 100) == 0 && ::send(slow.get(), &hello.at(sent), 1, MSG_NOSIGNAL) == 1;
  }
  EXPECT_FALSE(open);
  EXPECT_EQ(status(one_), 200);
}

TEST_F(HttpsServer, MakesConnectionsBeyondItsNumberWaitForTheEndOfHandshakesThatDoNotGoOn) {
  start({.connections = 2, .time = Millis{1'000}});
  std::vector<control::Fd> held;
  held.reserve(2);
  for (int count = 0; count < 2; ++count) held.push_back(connect_to(address()));
  EXPECT_EQ(status(one_), 200) << "served once the silent ones are cut off";
}

TEST_F(HttpsServer, EndsAtOnceWithOpenConnections) {
  const TlsConnection open(address(), one_.certificate);
  const control::Fd begun = connect_to(address());
  ASSERT_TRUE(open.open());
  server_.reset();
  EXPECT_EQ(read_reply(begun).status, 0);
}

TEST_F(HttpsServer, TakesOtherCredentialsAndAnswersWhomItHasTakenWithTheOldOnes) {
  TlsConnection held(address(), one_.certificate);
  ASSERT_TRUE(held.open());
  auto successor = server_->successor(credentials(two_));
  ASSERT_TRUE(successor) << successor.error().message;
  for (int count = 0; count < 5; ++count) EXPECT_EQ(status(one_), 200) << "not before it begins";
  (*successor)->begin();
  server_->finish();
  const auto deadline = steady_clock::now() + std::chrono::seconds(30);
  while (status(two_) != 200) ASSERT_LT(steady_clock::now(), deadline) << "still the old credentials";
  EXPECT_EQ(held.get("/a").status, 200);
  server_.reset();
  EXPECT_EQ(tls_get((*successor)->address(), two_.certificate, "/a").status, 200);
}

TEST_F(HttpsServer, GoesOnWhenItsSuccessorNeverBegins) {
  {
    const auto successor = server_->successor(credentials(two_));
    ASSERT_TRUE(successor) << successor.error().message;
    const control::Fd waiting = connect_to(address());
  }
  for (int count = 0; count < 5; ++count) EXPECT_EQ(status(one_), 200);
}

TEST_F(HttpsServer, MayBecomePlain) {
  auto successor = server_->successor({});
  ASSERT_TRUE(successor) << successor.error().message;
  (*successor)->begin();
  server_.reset();
  EXPECT_EQ(get((*successor)->address(), "/a").status, 200);
}

TEST_F(HttpsServer, DoesNotStartWithAKeyThatDoesNotFit) {
  const auto handler = [](const Request&) { return Response{}; };
  auto refused = Server::start({"127.0.0.1", 0}, handler, {}, credentials({one_.certificate, two_.key}));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("GnuTLS"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace firstseen::http::test
