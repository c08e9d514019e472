#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "component/daemon/program.h"
#include "ingest/durable_window.h"
#include "kafka/mock_cluster.h"
#include "store/inspect.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;

class Ingest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(in());
    auto cluster = kafka::MockCluster::start();
    ASSERT_TRUE(cluster);
    cluster_ = std::move(*cluster);
    ASSERT_TRUE(cluster_->create_topic("orders", 2));
  }
  [[nodiscard]] std::filesystem::path in() const { return directory_.path() / "in"; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(in() / name) << text; }
  Finished ingest(const std::string& topic, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{
        "ingest", "--to-topic", topic, "-b", cluster_->brokers(), "--ledger", directory_.path() / "ledger", in()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  /// More keys than fit into so little, so that the oldest go early.
  void fill_keys() const {
    const SystemClock clock;
    const auto keys = directory_.path() / "ledger" / "keys";
    const auto facts = store::inspect(keys / "slot-0");
    ASSERT_TRUE(facts);
    const auto window = ingest::DurableWindow::open({.directory = keys,
                                                     .max_size_bytes = 1U << 20U,
                                                     .purpose = "ingest",
                                                     .fingerprint = facts->pins.at("key"),
                                                     .clock = &clock});
    ASSERT_TRUE(window) << window.error().message;
    ASSERT_TRUE((*window)->decide(std::nullopt));
    for (std::uint8_t batch = 0; batch < 10; ++batch) {
      for (std::uint32_t number = 0; number < 10'000; ++number) {
        Digest digest;
        digest.bytes[0] = batch;
        std::memcpy(&digest.bytes[4], &number, sizeof number);
        (*window)->add_if_new(digest, clock.wall_ms());
      }
      ASSERT_TRUE((*window)->commit());
    }
    ASSERT_TRUE((*window)->close());
  }

  TemporaryDirectory directory_;
  std::unique_ptr<kafka::MockCluster> cluster_;
};

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

TEST_F(Ingest, TellsScriptsWhatCountsOfFilesThatFailedBehindIt) {
  write("a.jsonl", "{\"id\":1}\n{\"x\":2}\n");
  const Finished done = ingest("orders", {"--json", "--key", "payload:/id", "--records-per-transaction", "1"});
  EXPECT_EQ(done.status, 65) << done.err;
  const Json summary = Json::parse(done.out);
  EXPECT_EQ(summary.at("failed"), 1);
  EXPECT_EQ(summary.at("records"), 1);
  EXPECT_EQ(summary.at("failed_records"), 1);
  EXPECT_EQ(summary.at("failed_duplicates"), 0);
}

TEST_F(Ingest, TakesSeveralFilesAtOnceAndReportsEachToMachines) {
  for (int i = 0; i < 6; ++i) write(std::to_string(i) + ".jsonl", "{\"file\":" + std::to_string(i) + "}\n");
  write("same.jsonl", "{\"file\":3}\n");
  write("wrong.csv", "a,b\n1\n");
  const Finished first = ingest("orders", {"--jobs", "3", "--json"});
  EXPECT_EQ(first.status, 65) << first.err;
  const Json summary = Json::parse(first.out);
  EXPECT_EQ(summary.at("processed"), 6);
  EXPECT_EQ(summary.at("skipped"), 1);
  EXPECT_EQ(summary.at("failed"), 1);
  EXPECT_EQ(summary.at("records"), 6);
  EXPECT_EQ(summary.at("files").size(), 8U);
  expect_part(first.err, "wrong.csv:2: this row has 1 fields, the header has 2");
  std::filesystem::remove(in() / "wrong.csv");
  const Finished second = ingest("orders");
  EXPECT_EQ(second.status, 0) << second.err;
  const Json status = Json::parse(run({"ingest", "--status", "--json", "--ledger", directory_.path() / "ledger"}).out);
  EXPECT_EQ(status.size(), 8U);
}

TEST_F(Ingest, NamesOfAnyBytesAndLengthAreTakenAndShownOnOneLineEach) {
  const std::string folder(200, 'f');
  const auto deep = in() / folder / folder / folder;  // longer than a key of LMDB may be
  std::filesystem::create_directories(deep);
  write("new\nline.jsonl", "1\n");
  write("\xff\xfe.jsonl", "2\n");
  write("\x1b[31mred.jsonl", "{\n");
  write(folder + "/" + folder + "/" + folder + "/" + std::string(240, 'n') + ".jsonl", "3\n");
  const std::vector<std::string> into_a_file{
      "ingest", "--to-file", directory_.path() / "out", "--ledger", directory_.path() / "ledger", in(), "--json"};
  const Finished first = run(into_a_file);
  EXPECT_EQ(first.status, 65) << first.err;
  EXPECT_EQ(std::count(first.err.begin(), first.err.end(), '\n'), 1) << first.err;
  expect_part(first.err, "\\x1b[31mred.jsonl:1: this line is not JSON");
  EXPECT_EQ(Json::parse(first.out).at("processed"), 3);
  const Finished again = run(into_a_file);
  EXPECT_EQ(Json::parse(again.out).at("skipped"), 3) << again.err;

  const std::vector<std::string> status{"ingest", "--status", "--ledger", directory_.path() / "ledger"};
  const std::string table = run(status).out;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 5) << table;
  expect_part(table, "new\\x0aline.jsonl");
  std::vector<std::string> as_json = status;
  as_json.emplace_back("--json");
  const Json files = Json::parse(run(as_json).out);
  ASSERT_EQ(files.size(), 4U);
  for (const Json& file : files) {
    EXPECT_EQ(file.at("status"), file.at("path").get<std::string>().ends_with("red.jsonl") ? "failed" : "success");
  }
}

TEST_F(Ingest, AnOutputOrLedgerThatAnotherProcessHoldsIsTriedAgainLater) {
  write("a.jsonl", "1\n");
  const std::string out = directory_.path() / "out";
  const std::vector<std::string> arguments{"ingest", "--to-file", out, "--ledger", directory_.path() / "ledger", in()};
  std::ofstream(out) << "before\n";
  const auto hold = [&](const std::string& path, const std::string& message) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(::flock(file, LOCK_EX), 0);
    const Finished refused = run(arguments);
    ::close(file);
    EXPECT_EQ(refused.status, 75) << refused.err;
    expect_part(refused.err, message);
  };
  hold(out, "the output " + out + " is being written by another process: wait until it has ended");
  hold(directory_.path() / "ledger" / "ledger" / "owner.lock", "is held by another process: wait until it has ended");
  EXPECT_EQ(run(arguments).status, 0);
  std::ifstream file(out);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "before\n1\n");
}

TEST_F(Ingest, AMissingTopicOrBrokerIsToldBeforeAnyFileIsTouched) {
  write("a.jsonl", "1\n");
  const Finished missing = ingest("nowhere");
  EXPECT_EQ(missing.status, 78) << missing.err;
  expect_part(missing.err, "there is no topic 'nowhere'");
  ASSERT_TRUE(cluster_->set_down(true));
  const Finished down = ingest("orders", {"--timeout", "1s"});
  EXPECT_EQ(down.status, 69) << down.err;
  expect_part(down.err, "cannot reach a broker within 1 s");
  EXPECT_EQ(run({"ingest", "--status", "--json", "--ledger", directory_.path() / "ledger"}).out, "[]\n");
}

TEST_F(Ingest, TellsHowLittleOfTheWindowTheKeysCover) {
  write("a.jsonl", "{\"id\":1}\n");
  const std::vector<std::string> by_id{"--key", "payload:/id", "--json"};
  const Finished whole = ingest("orders", by_id);
  ASSERT_EQ(whole.status, 0) << whole.err;
  EXPECT_EQ(whole.err.find("the window covers"), std::string::npos) << whole.err;
  EXPECT_EQ(Json::parse(whole.out).at("effective_window_ms"), 86'400'000);
  fill_keys();
  const Finished shortened = ingest("orders", by_id);
  EXPECT_EQ(shortened.status, 0) << shortened.err;
  expect_part(shortened.err, "the window covers ");
  expect_part(shortened.err, " of 1d, and records that repeat after longer come again");
  EXPECT_LT(Json::parse(shortened.out).at("effective_window_ms"), 86'400'000);
  EXPECT_TRUE(Json::parse(ingest("orders", {"--json"}).out).at("effective_window_ms").is_null());
}

TEST_F(Ingest, UsageErrorsSayWhatIsWrong) {
  const Finished no_target = run({"ingest", in()});
  EXPECT_EQ(no_target.status, 64);
  expect_part(no_target.err, "name one target");
  expect_part(run({"ingest", "--to-file", "x"}).err, "PATH is missing");
  expect_part(ingest("orders", {"--property", "acks=1"}).err, "acks");
  const Finished twice = ingest("orders", {"--property", "linger.ms=1", "--property", "queue.buffering.max.ms=5"});
  EXPECT_EQ(twice.status, 64);
  expect_part(twice.err, "property linger.ms: is the same property as queue.buffering.max.ms");
  expect_part(ingest("orders", {"--key", "header:x"}).err, "payload:/POINTER");
  expect_part(run({"ingest", "--status", "--ledger", in()}).err, "is not a ledger");
}

}  // namespace
}  // namespace firstseen::test
