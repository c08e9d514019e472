#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <vector>

#include "control/client.h"
#include "control/server.h"
#include "control/socket.h"
#include "support/temporary_directory.h"

namespace firstseen::control {
namespace {

constexpr Millis patience{20'000};

class ControlSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = Server::start(path_, [](const Json& request) -> Result<Json> {
      if (request.value("command", "") != "echo") return fail(Exit::usage, "unknown command");
      return request;
    });
    ASSERT_TRUE(started) << started.error().message;
    server_ = std::move(*started);
  }

  /// What the server answers to these bytes; nothing when it closes without an answer.
  Json answer_to(const std::string& bytes) {
    const auto socket = connect_to(path_);
    EXPECT_TRUE(socket);
    static_cast<void>(write_all(*socket, bytes, patience));
    const auto line = read_line(*socket, 1U << 20U, patience);
    return line ? Json::parse(*line, nullptr, false) : Json();
  }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "control.sock";
  std::unique_ptr<Server> server_;
};

TEST_F(ControlSocket, AnswersARequestWithItsResult) {
  const Json request{{"command", "echo"}, {"text", "line\nend \"quoted\" \xc3\xa4"}};
  const auto answer = ask(path_, request, patience);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, request);
}

TEST_F(ControlSocket, PassesTheHandlersRefusalOnWithItsExitStatus) {
  const auto answer = ask(path_, {{"command", "other"}}, patience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().exit, Exit::usage);
  EXPECT_EQ(answer.error().message, "unknown command");
}

TEST_F(ControlSocket, AnswersGarbageWithBadDataAndGoesOn) {
  for (const std::string garbage : {"\n", "{\n", "[1]\n", "null\n", "\xff\xfe\x01\n", "{\"command\":{}}\n"}) {
    const Json answer = answer_to(garbage);
    EXPECT_FALSE(answer.value("ok", true)) << garbage;
  }
  EXPECT_TRUE(ask(path_, {{"command", "echo"}}, patience));
}

TEST_F(ControlSocket, CutsAHugeRequestOff) {
  Json answer = answer_to(std::string(max_request_bytes * 8, 'x'));
  // The server stops reading, so the answer may be lost with the bytes that it never read; it must not say yes.
  if (!answer.is_object()) answer = Json::object();
  EXPECT_EQ(answer.value("exit", 65), 65);
  EXPECT_TRUE(ask(path_, {{"command", "echo"}}, patience));
}

TEST_F(ControlSocket, ServesOthersWhileASlowClientWritesNothing) {
  const auto slow = connect_to(path_);
  ASSERT_TRUE(slow);
  ASSERT_TRUE(write_all(*slow, "{\"command\":", patience));
  EXPECT_TRUE(ask(path_, {{"command", "echo"}}, patience));
  const auto line = read_line(*slow, 4096, patience);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_NE(line->find("no complete line in time"), std::string::npos) << *line;
}

TEST_F(ControlSocket, RefusesMoreConnectionsThanItServesAtOnce) {
  std::vector<Fd> held;
  held.reserve(max_connections);
  for (std::size_t count = 0; count < max_connections; ++count) held.push_back(std::move(*connect_to(path_)));
  const auto refused = ask(path_, {{"command", "echo"}}, patience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().exit, Exit::try_again) << refused.error().message;
  held.clear();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!ask(path_, {{"command", "echo"}}, patience)) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
}

TEST_F(ControlSocket, IsForItsOwnerAlone) {
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(ControlSocket, IsNotTakenFromALivingProcess) {
  const auto second = Server::start(path_, [](const Json&) -> Result<Json> { return Json(); });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().exit, Exit::try_again);
  EXPECT_TRUE(ask(path_, {{"command", "echo"}}, patience));
}

TEST_F(ControlSocket, IsRemovedAtTheEnd) {
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
  const auto answer = ask(path_, {{"command", "echo"}}, patience);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().exit, Exit::unavailable);
}

TEST(ControlSocketPath, LeftByADeadProcessIsReplaced) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "control.sock";
  {
    const auto abandoned = listen_at(path);
  }  // closed without unlink, as after a crash
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(listen_at(path));
}

TEST(ControlSocketPath, ThatIsAnotherFileIsLeftAlone) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "control.sock";
  std::ofstream(path) << "precious";
  const auto listener = listen_at(path);
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().exit, Exit::config);
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST(ControlSocketPath, ThatIsTooLongIsRefusedWithItsLimit) {
  const auto listener = listen_at("/tmp/" + std::string(200, 'x'));
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().exit, Exit::config);
  EXPECT_NE(listener.error().message.find("at most 107"), std::string::npos) << listener.error().message;
}

}  // namespace
}  // namespace firstseen::control
