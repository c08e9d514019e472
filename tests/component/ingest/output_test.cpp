// 'firstseen ingest --to-file', killed.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

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

}  // namespace
}  // namespace firstseen::test
