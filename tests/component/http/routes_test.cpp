#include "http/routes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "control_handler.h"
#include "output.h"
#include "support/temporary_directory.h"

namespace firstseen::http {
namespace {

/// A clock that stands still until it is moved.
class FakeClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t wall_ms() const override { return 1'700'000'000'000 + now; }
  [[nodiscard]] std::int64_t steady_ms() const override { return now; }
  std::int64_t now = 0;
};

dedup::SlotStatus in_state(const std::string& state, const std::string& detail = "") {
  dedup::SlotStatus status;
  status.state = state;
  status.detail = detail;
  return status;
}

class Pages : public ::testing::Test {
 protected:
  [[nodiscard]] Response get(std::string_view path, std::string_view method = "GET") const {
    return Routes(sources_, Face::all, {}).answer({.method = method, .path = path, .authorization = {}});
  }
  void make_ready() {
    board_.enter(Phase::serving);
    board_.broker(true, "answers");
    board_.publish(in_state("running"));
  }

  FakeClock clock_;
  Board board_{clock_, Millis{3'600'000}};
  Recent recent_{clock_};
  Sources sources_{board_, recent_};
};

TEST_F(Pages, AnswerGetAndHeadAlone) {
  for (const std::string_view path : {"/livez", "/readyz", "/startupz", "/metrics", "/status", "/status.json"}) {
    for (const std::string_view method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", ""}) {
      const Response response = get(path, method);
      EXPECT_EQ(response.status, 405) << method << " " << path;
      ASSERT_FALSE(response.headers.empty());
      EXPECT_EQ(response.headers.front(), std::pair(std::string("Allow"), std::string("GET, HEAD")));
    }
    EXPECT_EQ(get(path, "HEAD").status, get(path).status);
  }
}

TEST_F(Pages, AreNoOthers) {
  for (const std::string_view path : {"/", "", "/livez/", "/LIVEZ", "/status/", "//livez", "/../livez", "*"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST_F(Pages, TheProbesTellAStartFromADeath) {
  clock_.now += 10 * step_bound.count();  // opening a large store after a crash
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/startupz").status, 503);
  EXPECT_EQ(get("/readyz").status, 503);
  board_.enter(Phase::waiting_for_broker, "waiting for a broker that answers");
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/startupz").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
  make_ready();
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").status, 200) << get("/readyz").body;
  board_.enter(Phase::stopping, "closing the store");
  clock_.now += 10 * step_bound.count();
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").status, 503);
}

TEST_F(Pages, LivezFailsWhenTheLoopMakesNoStep) {
  make_ready();
  clock_.now += step_bound.count();
  EXPECT_EQ(get("/livez").status, 200);
  clock_.now += 1;
  EXPECT_EQ(get("/livez").status, 503);
  board_.stepped();
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(Pages, ReadyzSaysWhichCheckFailsAndSinceWhen) {
  make_ready();
  clock_.now += 1'000;
  board_.broker(false, "connection refused");
  clock_.now += 5'000;
  board_.broker(false, "timed out");  // still the same failure
  const Response response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body,
            "not ready\n"
            "[+] store ok since 2023-11-14T22:13:20.000Z: open\n"
            "[-] broker failed since 2023-11-14T22:13:21.000Z: timed out\n"
            "[+] slot ok since 2023-11-14T22:13:20.000Z: running\n");
}

TEST_F(Pages, ReadyzFollowsTheSlot) {
  make_ready();
  for (const std::string state : {"starting", "joining", "rebuilding", "paused", "restarting", "stopped"}) {
    board_.publish(in_state(state, "for a reason"));
    EXPECT_EQ(get("/readyz").status, 503) << state;
    EXPECT_NE(get("/readyz").body.find(state + ": for a reason"), std::string::npos) << get("/readyz").body;
  }
  board_.publish(in_state("running"));
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(Pages, AMemberWithoutPartitionsIsReady) {
  make_ready();
  ASSERT_TRUE(board_.look().status->partitions.empty());
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(Pages, StatusJsonIsThereFromTheStartAndIsJsonWhateverTheNamesHold) {
  const auto parsed = nlohmann::json::parse(get("/status.json").body);
  EXPECT_EQ(parsed["state"], "starting");
  EXPECT_EQ(parsed["configured_window_ms"], 3'600'000);
  board_.publish(in_state("paused", "\xff\xfe \"quoted\""));
  EXPECT_EQ(nlohmann::json::parse(get("/status.json").body)["state"], "paused");
}

TEST_F(Pages, StatusJsonIsWhatTheControlSocketAnswers) {
  ControlHandler handler(recent_, board_, [] { return Result<std::string>("as it was"); });
  const auto same = [&] {
    const auto answer = handler.answer({{"command", "status"}});
    return answer && Json::parse(get("/status.json").body) == *answer;
  };
  EXPECT_TRUE(same()) << "from the start";
  make_ready();
  board_.configured("/etc/firstseen/orders.yaml", "kafka:\n");
  board_.note({kafka::ClientFigures::Side::producer, 2, 1'500, 4'096, 0, 2'500, 9'000});
  recent_.note(LogLevel::error, "connection refused");
  for (int i = 0; i < 3; ++i, clock_.now += Recent::sample_every_ms) recent_.sample(in_state("running"));
  EXPECT_TRUE(same()) << get("/status.json").body;
  board_.broker(false, "connection refused");
  clock_.now += 10 * step_bound.count();
  EXPECT_TRUE(same()) << get("/status.json").body;
}

TEST_F(Pages, StatusJsonTellsTheVerdictOfThePage) {
  const auto word = [&] { return Json::parse(get("/status.json").body)["verdict"]["word"].get<std::string>(); };
  const auto on_page = [&] { return get("/status").body.find(">" + word() + "</p>") != std::string::npos; };
  EXPECT_TRUE(on_page()) << word();
  make_ready();
  EXPECT_EQ(word(), "spare") << "no partition";
  EXPECT_TRUE(on_page());
  dedup::SlotStatus serving = in_state("running");
  serving.partitions.resize(1);
  board_.publish(serving);
  EXPECT_EQ(word(), "healthy");
  EXPECT_TRUE(on_page());
  board_.broker(false, "connection refused");
  EXPECT_EQ(word(), "unready");
  EXPECT_TRUE(on_page());
  clock_.now += step_bound.count() + 1;
  EXPECT_EQ(word(), "stuck");
  EXPECT_TRUE(on_page());
}

TEST_F(Pages, StatusIsAPageThatRunsNothing) {
  board_.configured("/etc/firstseen/orders.yaml", "kafka:\n");
  const Response response = get("/status");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  ASSERT_FALSE(response.headers.empty());
  EXPECT_EQ(response.headers.front().first, "Content-Security-Policy");
  EXPECT_TRUE(response.headers.front().second.starts_with("default-src 'none';")) << response.headers.front().second;
  EXPECT_NE(response.body.find("<pre>kafka:\n</pre>"), std::string::npos);
}

TEST_F(Pages, StatusStandsStillWhereItIsAskedTo) {
  const auto reloads = [&](std::optional<std::string_view> refresh) {
    const Request request{.method = "GET", .path = "/status", .authorization = {}, .refresh = refresh};
    return Routes(sources_, Face::all, {}).answer(request).body.find("http-equiv=\"refresh\"") != std::string::npos;
  };
  EXPECT_TRUE(reloads({}));
  EXPECT_FALSE(reloads("0"));
  for (const std::string_view other : {"", "1", "00", "0 "}) EXPECT_TRUE(reloads(other)) << other;
}

TEST_F(Pages, AreMadeAgainWhenWhatTheyShowHasChangedOrASecondHasPassed) {
  const Routes routes(sources_, Face::all, {});
  for (const std::string_view path : {"/metrics", "/status", "/status.json"}) {
    const auto body = [&] { return routes.answer({.method = "GET", .path = path, .authorization = {}}).body; };
    clock_.now = 10'000;
    make_ready();
    const std::string first = body();
    EXPECT_EQ(body(), first) << path;

    dedup::SlotStatus status = in_state("running");
    status.counters.duplicates = 4711;
    board_.publish(status);
    EXPECT_NE(body(), first) << path << " shows a new status";
    board_.publish(in_state("restarting"));
    EXPECT_NE(body().find("restarting"), std::string::npos) << path;
  }
  const auto page = [&] { return routes.answer({.method = "GET", .path = "/status", .authorization = {}}).body; };
  ASSERT_EQ(page().find("out of luck"), std::string::npos);
  recent_.note(LogLevel::error, "out of luck");
  EXPECT_NE(page().find("out of luck"), std::string::npos);

  const auto uptime = [&] {
    const std::string text = routes.answer({.method = "GET", .path = "/metrics", .authorization = {}}).body;
    const std::size_t at = text.find("\nfirstseen_last_step_age_seconds ");
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at + 1) - at);
  };
  const std::string before = uptime();
  ASSERT_NE(before, "");
  clock_.now += 1'000;
  EXPECT_NE(uptime(), before);
}

TEST_F(Pages, AreMadeOnceForHowManySoeverAskAtTheSameTime) {
  static int made;
  made = 0;
  MadePages pages(sources_);
  const auto make = [](const Sources&) { return fmt::format("text {}", ++made); };
  for (int i = 0; i < 200; ++i) EXPECT_EQ(pages.get("/metrics", make), "text 1");
  EXPECT_EQ(pages.get("/status", make), "text 2") << "another page";
  board_.broker(true, "answers");
  for (int i = 0; i < 200; ++i) EXPECT_EQ(pages.get("/metrics", make), "text 3");
}

TEST_F(Pages, FactsNeedTheTokenAndProbesNeedNone) {
  const Routes routes(sources_, Face::all, Token("s3cret"));
  const auto status = [&](std::string_view path, std::optional<std::string_view> authorization) {
    return routes.answer({.method = "GET", .path = path, .authorization = authorization}).status;
  };
  EXPECT_EQ(status("/livez", {}), 200);
  EXPECT_EQ(status("/status.json", "Bearer s3cret"), 200);
  EXPECT_EQ(status("/status.json", "bearer s3cret"), 200) << "the scheme's case does not matter (RFC 9110)";
  EXPECT_EQ(status("/status.json", {}), 401);
  for (const std::string_view wrong : {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret ", "Bearer s3cretx",
                                       "Bearer S3CRET", "Basic s3cret", "s3cret", "Bearers3cret"}) {
    EXPECT_EQ(status("/status.json", wrong), 401) << wrong;
  }
}

TEST_F(Pages, AreDividedAmongTwoListeners) {
  const Routes probes(sources_, Face::probes, {});
  const Routes facts(sources_, Face::facts, {});
  const Request live{.method = "GET", .path = "/livez", .authorization = {}};
  const Request status{.method = "GET", .path = "/status.json", .authorization = {}};
  EXPECT_EQ(probes.answer(live).status, 200);
  EXPECT_EQ(probes.answer(status).status, 404);
  EXPECT_EQ(facts.answer(live).status, 404);
  EXPECT_EQ(facts.answer(status).status, 200);
}

TEST(TokenFile, HoldsOneLineAndNothingElse) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "token";
  const auto read = [&](const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
    return Token::read(file);
  };
  for (const std::string text : {"abc", "abc\n", "abc\r\n"}) {
    const auto token = read(text);
    ASSERT_TRUE(token) << token.error().text;
    EXPECT_TRUE(token->matches("Bearer abc"));
  }
  EXPECT_TRUE(read(std::string(4096, 'x') + "\n"));
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("a b"), std::string("a\nb\n"), std::string("a\0b", 3),
        std::string("\xc3\xa4"), std::string(4097, 'x'), std::string(100'000, 'x')}) {
    const auto token = read(text);
    ASSERT_FALSE(token) << text.substr(0, 20);
    EXPECT_EQ(token.error().option, "http.token_file");
    EXPECT_TRUE(token.error().text.starts_with("names a file that ")) << token.error().text;
  }
  for (const auto& missing : {directory.path() / "missing", directory.path()}) {
    const auto token = Token::read(missing);
    ASSERT_FALSE(token) << missing;
    EXPECT_TRUE(token.error().text.starts_with("names a file that cannot be read: ")) << token.error().text;
  }
}

}  // namespace
}  // namespace firstseen::http
