// 'firstseen ingest --to-file', killed, and with a file that fails behind its first batch.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "component/daemon/program.h"
#include "ingest/steps.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

TEST(IngestIntoAFile, KilledAtAnyStepHoldsEachRecordOnceAfterTheNextRun) {
  const TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return (directory.path() / name).string(); };
  std::filesystem::create_directory(at("in"));
  std::ofstream(at("in/a.jsonl")) << "{\"id\":1}\n{\"id\":2}\n";
  std::ofstream(at("in/b.jsonl")) << "{\"id\":2,\"again\":true}\n{\"id\":3}\n";
  for (const std::string_view name : ingest::output_step_names) {
    const std::string step(name);
    const auto ingest = [&](const std::string& crash_at) {
      Program::Environment environment;
      if (!crash_at.empty()) environment["FIRSTSEEN_CRASH_AT"] = crash_at;
      return run({"ingest", "--to-file", at(step), "--ledger", at(step + ".ledger"), "--key", "payload:/id", at("in")},
                 environment);
    };
    constexpr int killed = 128 + SIGKILL;
    if (step == "cut_back") {
      EXPECT_EQ(ingest("published").status, killed);
    }
    const Finished first = ingest(step);
    EXPECT_EQ(first.status, killed) << step << first.err;
    const Finished second = ingest("");
    EXPECT_EQ(second.status, 0) << step << second.err;
    std::ifstream file(at(step));
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n") << step;
  }
}

TEST(IngestIntoAFile, ThatFailsBehindItsFirstBatchIsToldWithTheRecordsThatTheOutputHolds) {
  const TemporaryDirectory directory;
  const auto at = [&](const std::string& name) { return (directory.path() / name).string(); };
  std::ofstream(at("f.jsonl")) << "{\"id\":1}\n{\"x\":2}\n";
  const auto ingest = [&](const std::string& ledger) {
    return run({"ingest", "--to-file", at(ledger + ".out"), "--ledger", at(ledger), "--key", "payload:/id",
                "--records-per-transaction", "1", at("f.jsonl"), ledger == "json" ? "--json" : "--hidden"});
  };
  const Finished table = ingest("table");
  EXPECT_EQ(table.status, 65) << table.err;
  EXPECT_NE(table.out.find("processed      0        0           0"), std::string::npos) << table.out;
  EXPECT_NE(table.out.find("failed         1        1           0"), std::string::npos) << table.out;
  const Finished json = ingest("json");
  EXPECT_EQ(json.status, 65) << json.err;
  const auto summary = nlohmann::json::parse(json.out, nullptr, false);
  EXPECT_EQ(summary.at("records"), 1);
  EXPECT_EQ(summary.at("files").at(0).at("records"), 1);
  const auto asked = [&](const std::vector<std::string>& words) {
    return nlohmann::json::parse(run(words).out, nullptr, false);
  };
  EXPECT_EQ(asked({"ingest", "--status", "--ledger", at("json"), "--json"}).at(0).at("records"), 1);
  EXPECT_EQ(asked({"store", "stats", "--store", at("json"), "--json"}).at("records"), 1);
}

}  // namespace
}  // namespace firstseen::test
