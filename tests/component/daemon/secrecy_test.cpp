#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>

#include "base/hex.h"
#include "component/daemon/daemon.h"

// What ${file:PATH} put into the key comes out of the program nowhere: where it would stand, its reference stands.

namespace firstseen::test {
namespace {

constexpr const char* secret = "hunter2hunter2";

class Secrecy : public Daemon {
 protected:
  void SetUp() override {
    Daemon::SetUp();
    keep(secret);
  }

  void keep(const std::string& value) const { std::ofstream(secret_file(), std::ios::binary) << value; }
  [[nodiscard]] std::string secret_file() const { return scene_->config() + ".secret"; }
  [[nodiscard]] std::string reference() const { return "${file:" + secret_file() + "}"; }
  /// A header whose name is the secret is the key's only field.
  void configure(const std::string& more = "") const { scene_->configure(more, "header:" + reference()); }

  void expect_reference_only(const std::string& text) const {
    expect_hidden(text);
    EXPECT_NE(text.find(reference()), std::string::npos) << text;
  }
  static void expect_hidden(const std::string& text) {
    const std::string plain(secret);
    EXPECT_EQ(text.find(plain), std::string::npos) << text;
    EXPECT_EQ(text.find(to_hex({reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size()})), std::string::npos)
        << text;
  }
};

TEST_F(Secrecy, ValidateEffectivePrintsTheReferenceInAFileThatIsValidAgain) {
  configure();
  const Finished shown = test::run({"validate", scene_->config(), "--effective"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  expect_reference_only(shown.out + shown.err);
  const std::string copy = scene_->config() + ".effective";
  std::ofstream(copy) << shown.out;
  const Finished again = test::run({"validate", copy, "--effective"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(again.out.substr(again.out.find('\n')), shown.out.substr(shown.out.find('\n')));
}

TEST_F(Secrecy, AConfigurationThatIsRefusedNamesTheReference) {
  scene_->configure("", "payload:" + reference());
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"validate", scene_->config()}, command("run"), command("explain")}) {
    const Finished refused = test::run(words);
    EXPECT_EQ(refused.status, 78) << words[0];
    expect_reference_only(refused.out + refused.err);
  }
}

TEST_F(Secrecy, ExplainNamesThePartByItsReferenceWhetherThereIsAKeyOrNot) {
  configure();
  for (const std::string& message :
       {std::string(R"({"value":{}})"), std::string(R"({"value":{},"headers":[[")") + secret + R"(","x"]]})"}) {
    for (const bool json : {false, true}) {
      const Finished explained = test::run(
          command("explain", json ? std::vector<std::string>{"--json"} : std::vector<std::string>{}), {}, message);
      ASSERT_EQ(explained.status, 0) << explained.err;
      expect_reference_only(explained.out + explained.err);
    }
  }
}

TEST_F(Secrecy, AStoppedPartitionsStatusAndLogNameThePartByItsReference) {
  configure();
  write("in", {order(0, 0)});
  Program daemon(command("run"));
  ASSERT_TRUE(eventually([&] {
    const Json now = status();
    if (!now.is_object()) return false;
    return std::ranges::any_of(now["partitions"], [](const Json& p) { return p["mode"] == "stopped"; });
  })) << daemon.log();
  expect_reference_only(test::run(command("status")).out);
  expect_reference_only(test::run(command("status", {"--json"})).out);
  daemon.signal(SIGTERM);
  expect_reference_only(daemon.wait().err);
}

TEST_F(Secrecy, ARejectedMessageCarriesTheReferenceToTheSideTopic) {
  ASSERT_TRUE(cluster_->create_topic("bad", 2));
  configure("rejects: {route: topic, topic: bad}\n");
  write("in", {order(0, 0)});
  Program daemon(command("run"));
  ASSERT_TRUE(counts("rejected", 1)) << daemon.log();
  const auto rejected = contents("bad", 1);
  ASSERT_EQ(rejected.size(), 1U);
  std::string all;
  for (const auto& [name, value] : rejected[0].headers) all += name + ": " + value.value_or("") + "\n";
  expect_reference_only(all);
}

TEST_F(Secrecy, AStoreMadeWithAnotherSecretIsRefusedAndNeitherIsShown) {
  configure();
  {
    Program daemon(command("run"));
    ASSERT_TRUE(state("running")) << daemon.log();
    daemon.signal(SIGTERM);
    const Finished finished = daemon.wait();
    ASSERT_EQ(finished.status, 0) << finished.err;
    expect_hidden(finished.err);
  }
  const Finished stats = store_command("stats");
  ASSERT_EQ(stats.status, 0) << stats.err;
  expect_hidden(stats.out);
  {
    Program daemon(command("run"));
    ASSERT_TRUE(state("running")) << "the same secret: " << daemon.log();
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait().status, 0);
  }
  keep("other3other3");
  const Finished refused = test::run(command("run"));
  EXPECT_EQ(refused.status, 78) << refused.err;
  expect_reference_only(refused.err);
  EXPECT_EQ(refused.err.find("other3other3"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace firstseen::test
