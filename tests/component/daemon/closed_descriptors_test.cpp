// Some callers (cron jobs, daemons) start programs with stdin, stdout or stderr closed.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "component/daemon/program.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

/// All but none, as a shell writes them.
constexpr std::array<const char*, 7> closings{"<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"};

/// The program, started with these descriptors closed.
Finished run_with(const std::string& closing, const Words& arguments) {
  Words words{"-c", "exec \"$@\" " + closing, "sh", firstseen_program()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Program("/bin/sh", words, {}, "").wait();
}

bool closes_stdout(const std::string& closing) {
  return closing.starts_with(">&-") || closing.find(" >&-") != closing.npos;
}

class ClosedDescriptors : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() / name; }

 private:
  const TemporaryDirectory directory_;
};

TEST_F(ClosedDescriptors, NeitherHarmTheStoreOfExecNorTheOutcome) {
  for (const std::string closing : closings) {
    const Words command{
        "exec", "--store", at("store"), "--key", closing, "--", "sh", "-c", "echo out; echo err >&2; exit 7"};
    EXPECT_EQ(run_with(closing, command).status, 7) << closing;
    const Finished again = run(command);
    EXPECT_EQ(again.status, 7) << closing << again.err;
    EXPECT_EQ(again.out, "out\n") << closing;
    EXPECT_EQ(again.err, "err\n") << closing;
  }
  const Finished stats = run({"store", "stats", "--store", at("store"), "--json"});
  EXPECT_EQ(stats.status, 0) << stats.err;
  EXPECT_EQ(Json::parse(stats.out, nullptr, false).value("completed", 0U), closings.size());
}

TEST_F(ClosedDescriptors, NeitherHarmTheStoreOfFilterNorLoseALine) {
  int number = 0;
  for (const std::string closing : closings) {
    const std::string line = "{\"id\":" + std::to_string(++number) + "}\n";
    std::ofstream(at("lines")) << line;
    const Words command{"filter", "--store", at("store"), "--max-size", "16MiB", at("lines")};
    EXPECT_EQ(run_with(closing, command).status, closes_stdout(closing) ? 74 : 0) << closing;
    EXPECT_EQ(run(command).out, closes_stdout(closing) ? line : "")
        << "a line that nobody got is not seen: " << closing;
  }
  const Finished verified = run({"store", "verify", "--store", at("store")});
  EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
}

TEST_F(ClosedDescriptors, AreErrorsWhereTheyAreNeeded) {
  EXPECT_EQ(run_with(">&-", {"version"}).status, 74);
  EXPECT_EQ(run_with("<&-", {"filter"}).status, 74);
  EXPECT_EQ(run_with("2>&-", {"filter", "--key", "payload:/id", at("absent")}).status, 74);
}

}  // namespace
}  // namespace firstseen::test
