#include "http/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "component/http/client.h"
#include "component/http/echo_server.h"
#include "http/listener.h"

namespace firstseen::http::test {
namespace {

using std::chrono::steady_clock;

class HttpServer : public EchoServer {};

TEST_F(HttpServer, AnswersWithStatusHeadersAndBody) {
  const Reply reply = get(address(), "/page?query=1", "Authorization: Bearer t\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "GET /page Bearer t");
  EXPECT_TRUE(reply.has_header("X-Mine: yes")) << reply.head;
  EXPECT_TRUE(reply.has_header("Content-Length: 18")) << reply.head;
  EXPECT_TRUE(reply.has_header("Cache-Control: no-store")) << reply.head;
}

TEST_F(HttpServer, TellsPagesTheArgumentThatOneOfThemHas) {
  EXPECT_EQ(get(address(), "/a?refresh=0").body, "GET /a - refresh 0");
  EXPECT_EQ(get(address(), "/a?x=1&refresh=%30&y").body, "GET /a - refresh 0");
  for (const std::string query : {"", "?", "?refresh", "?x=refresh=0", "?y&&z"}) {
    EXPECT_EQ(get(address(), "/a" + query).body, "GET /a -") << query;
  }
}

TEST_F(HttpServer, AnswersHeadWithTheHeadersOfGetAndNoBody) {
  const Reply reply = request(address(), "HEAD", "/page");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has_header("Content-Length: 12")) << reply.head;
  EXPECT_EQ(reply.body, "");
}

TEST_F(HttpServer, SendsALargePageWhole) { EXPECT_EQ(get(address(), "/large").body.size(), 4'000'000U); }

TEST_F(HttpServer, TakesOneRequestPerConnection) {
  const std::string one = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
  const Reply reply = converse(address(), one + one);
  EXPECT_TRUE(reply.has_header("Connection: close")) << reply.head;
  EXPECT_EQ(reply.body, "GET /a -");
}

TEST_F(HttpServer, DoesNotReadABody) {
  const Reply reply = converse(address(), "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999\r\n\r\nabc");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "POST /a -");
}

TEST_F(HttpServer, RefusesWhatIsNoHttpAndGoesOn) {
  start({.time = Millis{1'000}});  // the end of half a request does not come
  for (const std::string& garbage :
       std::vector<std::string>{"\r\n\r\n", "nonsense\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", " / HTTP/1.1\r\n\r\n",
                                "GET / HTTP/9.9\r\nHost: h\r\n\r\n", std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8),
                                std::string("GET /") + '\0' + " HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                                "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                                "GET %zz%00%ff HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    const control::Fd socket = connect_to(address());
    ASSERT_TRUE(control::write_all(socket, garbage, Millis{5'000}));
    const std::string what = garbage;
    ::shutdown(socket.get(), SHUT_WR);
    const Reply reply = read_reply(socket);
    EXPECT_TRUE(reply.status == 0 || reply.status == 200 || reply.status >= 400) << what << reply.head;
    ASSERT_EQ(get(address(), "/a").status, 200) << "after: " << what;
  }
}

TEST_F(HttpServer, RefusesAMegabyteOfHeaders) {
  const std::string megabyte(1'000'000, 'x');
  const std::string one = "GET / HTTP/1.1\r\nHost: h\r\nX: " + megabyte + "\r\n\r\n";
  const Reply large = converse(address(), one);
  EXPECT_TRUE(large.status == 431 || large.status == 0) << large.head;  // 0: closed before all was sent
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  while (many.size() < megabyte.size()) many += "X-Header: value\r\n";
  const Reply reply = converse(address(), many + "\r\n");
  EXPECT_TRUE(reply.status == 431 || reply.status == 0) << reply.head;
  const Reply path = get(address(), "/" + megabyte);
  EXPECT_TRUE(path.status == 414 || path.status == 431 || path.status == 0) << path.head;
  EXPECT_EQ(get(address(), "/a").status, 200);
}

TEST_F(HttpServer, RefusesThousandsOfTinyHeadersAlthoughTheirTextIsShort) {
  std::string many = "GET /a HTTP/1.1\r\nHost: h\r\n";
  for (int count = 0; count < 3'000; ++count) many += "h:1\r\n";
  many += "\r\n";
  ASSERT_LT(many.size(), Limits{}.memory);
  const Reply reply = converse(address(), many);
  EXPECT_TRUE(reply.status == 431 || reply.status == 0) << reply.head;  // 0: closed before all was read
  EXPECT_EQ(get(address(), "/a").status, 200);
}

TEST_F(HttpServer, TakesFiftyHeaders) {
  std::string fifty;
  for (int count = 0; count < 50; ++count) fifty += "X-Header-" + std::to_string(count) + ": value\r\n";
  EXPECT_EQ(get(address(), "/a", fifty).body, "GET /a -");
}

TEST_F(HttpServer, SurvivesAPageThatThrows) {
  EXPECT_EQ(get(address(), "/throws").status, 0);
  EXPECT_EQ(get(address(), "/a").status, 200);
}

TEST_F(HttpServer, ServesOthersWhileClientsSendNothing) {
  std::vector<control::Fd> silent;
  silent.reserve(20);
  for (int count = 0; count < 20; ++count) silent.push_back(connect_to(address()));
  ASSERT_TRUE(control::write_all(silent.front(), "GET / HT", Millis{5'000}));
  for (int count = 0; count < 5; ++count) EXPECT_EQ(get(address(), "/a").status, 200);
}

TEST_F(HttpServer, CutsOffAClientThatSendsAByteNowAndThen) {
  start({.time = Millis{1'000}});
  const control::Fd slow = connect_to(address());
  const auto begun = steady_clock::now();
  const std::string headers = "GET / HTTP/1.1\r\n" + std::string(100'000, 'x');
  bool open = true;
  for (std::size_t sent = 0; open && steady_clock::now() < begun + std::chrono::seconds(30); ++sent) {
    pollfd entry{.fd = slow.get(), .events = POLLIN | POLLRDHUP, .revents = 0};
    open = ::poll(&entry, 1, 50) == 0 && ::send(slow.get(), &headers[sent], 1, MSG_NOSIGNAL) == 1;
  }
  EXPECT_FALSE(open);
  EXPECT_GE(steady_clock::now() - begun, std::chrono::milliseconds(900));
  EXPECT_EQ(get(address(), "/a").status, 200);
}

TEST_F(HttpServer, CutsOffAClientThatReadsNothing) {
  start({.time = Millis{1'000}});
  const control::Fd lazy = connect_to(address());
  ASSERT_TRUE(control::write_all(lazy, "GET /large HTTP/1.1\r\nHost: h\r\n\r\n", Millis{5'000}));
  pollfd entry{.fd = lazy.get(), .events = POLLRDHUP, .revents = 0};
  EXPECT_EQ(::poll(&entry, 1, 30'000), 1) << "still open";
  EXPECT_EQ(get(address(), "/a").status, 200);
}

TEST_F(HttpServer, ClosesConnectionsBeyondAnAddresssShareAtOnce) {
  start({.connections_per_address = 2});
  std::vector<control::Fd> held;
  held.reserve(2);
  for (int count = 0; count < 2; ++count) held.push_back(connect_to(address()));
  const auto deadline = steady_clock::now() + std::chrono::seconds(20);
  while (get(address(), "/a").status != 0) ASSERT_LT(steady_clock::now(), deadline) << "never refused";
  held.clear();
  while (get(address(), "/a").status != 200) ASSERT_LT(steady_clock::now(), deadline) << "never served again";
}

TEST_F(HttpServer, MakesConnectionsBeyondItsNumberWaitForTheirTurn) {
  start({.connections = 2, .time = Millis{1'000}});
  std::vector<control::Fd> held;
  held.reserve(2);
  for (int count = 0; count < 2; ++count) held.push_back(connect_to(address()));
  EXPECT_EQ(get(address(), "/a").status, 200) << "served once the silent ones are cut off";
}

TEST_F(HttpServer, EndsAtOnceWithOpenConnections) {
  const control::Fd open = connect_to(address());
  const control::Fd begun = connect_to(address());
  ASSERT_TRUE(control::write_all(begun, "GET / HT", Millis{5'000}));
  const auto started = steady_clock::now();
  server_.reset();
  EXPECT_LT(steady_clock::now() - started, std::chrono::seconds(5));
  EXPECT_EQ(read_reply(open).status, 0);
}

TEST(HttpListener, SaysThatAPortIsInUse) {
  const auto first = listen_at({"127.0.0.1", 0});
  ASSERT_TRUE(first) << first.error().message;
  const std::string address = bound_address(*first);
  const auto endpoint = config::parse_endpoint(address);
  ASSERT_TRUE(endpoint) << address;
  const auto second = listen_at(*endpoint);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().exit, Exit::try_again);
  EXPECT_NE(second.error().message.find(address + " is in use"), std::string::npos) << second.error().message;
}

#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
#define FIRSTSEEN_UBSAN
#endif
#endif

TEST(HttpListener, SaysThatItMayBeOutOfOpenFilesAndStartsOnceThereAreSome) {
#ifdef FIRSTSEEN_UBSAN
  GTEST_SKIP()
      << "UBSan looks whether an object is readable through a pipe, and takes it for broken when no file is left";
#endif
  const auto start = [] { return Server::start({"127.0.0.1", 0}, [](const Request&) { return Response{}; }); };
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next = ::dup(0);
  ::close(next);
  rlimit few = usual;
  few.rlim_cur = static_cast<rlim_t>(next) + 3;  // the listener, its duplicate and an eventfd; no epoll
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto refused = start();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("limit of open files"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(start());
}

TEST(HttpListener, RefusesHostsThatAreNotHere) {
  const auto unknown = listen_at({std::string(64, 'x') + ".invalid", 0});  // no name: no server is asked
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("not known here"), std::string::npos) << unknown.error().message;
  const auto elsewhere = listen_at({"192.0.2.1", 0});  // TEST-NET-1, nobody's address
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().exit, Exit::config);
  EXPECT_NE(elsewhere.error().message.find("address of this machine"), std::string::npos) << elsewhere.error().message;
}

TEST(HttpListener, TakesAPortAgainRightAfterItsServerHasEnded) {
  const auto handler = [](const Request&) -> Response { return {.status = 200, .body = "x", .headers = {}}; };
  auto first = Server::start({"127.0.0.1", 0}, handler);
  ASSERT_TRUE(first) << first.error().message;
  const std::string address = (*first)->address();
  EXPECT_EQ(get(address, "/").status, 200);
  first->reset();
  const auto again = Server::start(*config::parse_endpoint(address), handler);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(get(address, "/").status, 200);
}

}  // namespace
}  // namespace firstseen::http::test
