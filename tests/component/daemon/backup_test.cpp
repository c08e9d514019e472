#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <utility>

#include "component/daemon/daemon.h"

// `store export` beside a running daemon, and `store import` for one that does not run.

namespace firstseen::test {
namespace {

namespace fs = std::filesystem;

/// The mock cluster keeps only offsets that were not committed in a transaction.
constexpr const char* keeps_offsets = "delivery: {guarantee: at_least_once}\n";

class Backup : public Daemon {
 protected:
  void SetUp() override {
    Daemon::SetUp();
    scene_->configure(keeps_offsets);
  }

  [[nodiscard]] std::string copy() const { return scene_->store() + "-copy"; }
  [[nodiscard]] Finished make_copy(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"store", "export", "-c", scene_->config(), copy()});
    return test::run(more);
  }
  static Finished put_in_place(const Scene& scene, const std::string& from, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"store", "import", "-c", scene.config(), from});
    return test::run(more);
  }
  /// A store with thirty keys, exported, and no daemon any more.
  void export_thirty_keys() {
    write("in", orders(30, 1));
    Program daemon(command("run"));
    ASSERT_TRUE(counts("consumed", 30)) << daemon.log();
    const Finished exported = make_copy();
    ASSERT_EQ(exported.status, 0) << exported.err;
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  }
  /// One bit of a record's checksum.
  void damage_copy() const {
    const fs::path data = copy() + "/slot-0/data.mdb";
    std::string bytes(fs::file_size(data), '\0');
    std::ifstream(data, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const std::size_t record = bytes.find("FSRB");
    ASSERT_NE(record, std::string::npos);
    std::fstream file(data, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(record + 64)).put(static_cast<char>(bytes[record + 64] ^ 1));
  }
  static void expect_refused(const Finished& finished, int status, const std::string& text) {
    EXPECT_EQ(finished.status, status) << finished.err;
    EXPECT_NE(finished.err.find(text), std::string::npos) << finished.err;
  }
};

TEST_F(Backup, MadeBesideARunningDaemonIsACompleteStore) {
  write("in", orders(30, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 60)) << daemon.log();
  const Finished exported = make_copy({"--json"});
  ASSERT_EQ(exported.status, 0) << exported.err;
  EXPECT_EQ(Json::parse(exported.out)["entries"], 30) << exported.out;
  expect_refused(make_copy(), 64, "exists");
  const std::string whole = copy() + "-as-is";
  ASSERT_EQ(test::run({"store", "export", "-c", scene_->config(), "--as-is", whole}).status, 0);
  for (const std::string& one : {copy(), whole}) {
    SCOPED_TRACE(one);
    const fs::path slot = fs::path(one) / "slot-0";
    EXPECT_EQ(fs::directory_iterator(one)->path(), slot);
    EXPECT_EQ(fs::directory_iterator(slot)->path().filename(), "data.mdb") << "and nothing of its owner's";
    EXPECT_EQ(test::run({"store", "verify", "--store", one}).status, 0);
    const Finished keys = test::run({"store", "list", "--store", one, "--json"});
    EXPECT_EQ(Json::parse(keys.out, nullptr, false).size(), 30U) << keys.err;
  }
  EXPECT_EQ(status()["state"], "running");
}

TEST_F(Backup, PutInPlaceOnANewVolumePublishesNothingOfWhatCameSinceAgain) {
  write("in", orders(30, 1));
  {
    Program daemon(command("run"));
    ASSERT_TRUE(counts("consumed", 30)) << daemon.log();
    ASSERT_EQ(make_copy().status, 0);
    write("in", orders(40, 1));
    ASSERT_TRUE(counts("consumed", 70)) << daemon.log();
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait().status, 0) << daemon.log();
  }
  const std::string from = copy();
  const auto lost = std::exchange(scene_, std::make_unique<Scene>(cluster_->brokers(), "in", "out"));
  scene_->configure(keeps_offsets);
  const Finished imported = put_in_place(*scene_, from, {"--json"});
  ASSERT_EQ(imported.status, 0) << imported.err;
  EXPECT_EQ(Json::parse(imported.out)["entries"], 30) << imported.out;
  EXPECT_TRUE(Json::parse(imported.out)["replaced"].is_null()) << imported.out;
  write("in", orders(50, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 50)) << daemon.log();
  EXPECT_EQ(status()["counters"]["first_seen"], 10) << status();
  EXPECT_GE(status()["counters"]["rebuilt"], 40) << "what the copy does not have";
  EXPECT_EQ(contents("out", 50).size(), 50U);
}

TEST_F(Backup, IsPutInPlaceWhileTheSecretsOfTheServiceAreNotThere) {
  export_thirty_keys();
  const std::string secret = "${file:/run/credentials/firstseen@nobody.service/password}";
  std::ofstream(scene_->config()) << "kafka: {brokers: [\"" << cluster_->brokers()
                                  << "\"], properties: {sasl.password: \"" << secret << "\"}}\n"
                                  << "input: {topics: [in], group: scene}\noutput: {topic: out}\n"
                                  << "key: {fields: [\"payload:/order/id\"]}\n"
                                  << "store: {path: " << scene_->store() << ", max_size: 64MiB}\n"
                                  << "http: {token_file: /run/credentials/firstseen@nobody.service/token}\n";
  const Finished imported = put_in_place(*scene_, copy(), {"--replace"});
  EXPECT_EQ(imported.status, 0) << imported.err;
  const Finished found = store_command("lookup", R"({"topic": "in", "value": {"order": {"id": 7}}})");
  EXPECT_EQ(found.status, 0) << found.err;
  const Finished validated = test::run(command("validate"));
  EXPECT_EQ(validated.status, 0) << validated.err;
  EXPECT_NE(validated.err.find(": kafka.properties.sasl.password: cannot read the file "), std::string::npos);
  for (const std::vector<std::string>& connects : {command("run"), {"store", "prime", "-c", scene_->config()}}) {
    expect_refused(test::run(connects), 78, "kafka.properties.sasl.password: cannot read the file ");
  }
}

TEST_F(Backup, IsPutWhereAStoreIsOnlyWhenAskedToAndThatStoreIsKept) {
  export_thirty_keys();
  expect_refused(put_in_place(*scene_, copy()), 78, "--replace");
  const Finished imported = put_in_place(*scene_, copy(), {"--replace", "--json"});
  ASSERT_EQ(imported.status, 0) << imported.err;
  const std::string kept = Json::parse(imported.out)["replaced"];
  EXPECT_EQ(test::run({"store", "verify", "--store", kept}).status, 0);
  EXPECT_EQ(Json::parse(store_command("stats").out)["live_entries"], 30);
  for (const auto& entry : fs::directory_iterator(scene_->store())) {
    EXPECT_EQ(entry.path().filename().string().find("import-"), std::string::npos) << "nothing is left behind";
  }
  write("in", orders(31, 1));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 31)) << daemon.log();
  EXPECT_EQ(status()["counters"]["first_seen"], 1);
  expect_refused(put_in_place(*scene_, copy(), {"--replace"}), 75, "held by another process");
}

TEST_F(Backup, OfAnotherKeyOrGroupIsRefusedAndNothingIsMade) {
  export_thirty_keys();
  const Scene other(cluster_->brokers(), "in", "out");
  other.configure("", "payload:/order/number");
  expect_refused(put_in_place(other, copy()), 78, "another configuration: key");
  const Scene elsewhere(cluster_->brokers(), "in2", "out");
  expect_refused(put_in_place(elsewhere, copy()), 78, "input: the store has 'in'");
  for (const Scene* scene : {&other, &elsewhere}) EXPECT_FALSE(fs::exists(scene->store()));
}

TEST_F(Backup, ThatIsDamagedIsRefusedBeforeAnythingIsReplaced) {
  export_thirty_keys();
  ASSERT_NO_FATAL_FAILURE(damage_copy());
  expect_refused(put_in_place(*scene_, copy(), {"--replace"}), 65, "damaged");
  EXPECT_EQ(store_command("verify").status, 0) << "the store is what it was";
}

TEST_F(Backup, ThatIsDamagedIsFoundByVerifyWhichNamesTheProblem) {
  export_thirty_keys();
  ASSERT_NO_FATAL_FAILURE(damage_copy());
  const Finished json = test::run({"store", "verify", "--store", copy(), "--json"});
  EXPECT_EQ(json.status, 65) << json.err;
  const Json found = Json::parse(json.out, nullptr, false);
  ASSERT_TRUE(found.is_object()) << json.out << json.err;
  EXPECT_EQ(found["sound"], false);
  EXPECT_NE(found["problems"].dump().find("does not match its checksum"), std::string::npos) << found;
  const Finished text = test::run({"store", "verify", "--store", copy()});
  EXPECT_EQ(text.status, 65) << text.err;
  EXPECT_NE(text.out.find("does not match its checksum"), std::string::npos) << text.out;
}

TEST_F(Backup, TakesOnlyWhatADaemonMade) {
  expect_refused(make_copy(), 78, "holds no store");
  EXPECT_FALSE(fs::exists(copy()));
  expect_refused(put_in_place(*scene_, scene_->config()), 78, "holds no store");
  const std::string seen = scene_->store() + "-filter";
  ASSERT_EQ(
      test::run({"filter", "--key", "payload:/id", "--store", seen, "--max-size", "64MiB"}, {}, "{\"id\":1}\n").status,
      0);
  expect_refused(put_in_place(*scene_, seen), 64, "'firstseen filter'");
  expect_refused(test::run({"store", "export", "--store", seen, copy()}), 64, "'firstseen filter'");
}

}  // namespace
}  // namespace firstseen::test
