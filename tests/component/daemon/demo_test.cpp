#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "component/daemon/on_terminal.h"
#include "component/daemon/program.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

TEST(Demo, CleansItsStreamAndProvesItByReadingTheOutput) {
  const Finished finished = run({"demo", "--messages", "20000", "--seed", "7", "--json"});
  ASSERT_EQ(finished.status, 0) << finished.err;
  const Json outcome = Json::parse(finished.out);
  EXPECT_EQ(outcome["produced"], 20000);
  EXPECT_EQ(outcome["consumed"], 20000);
  EXPECT_EQ(outcome["first_seen"], outcome["orders"]);
  EXPECT_EQ(outcome["read"], outcome["orders"]);
  EXPECT_EQ(outcome["duplicates"].get<int>(), 20000 - outcome["orders"].get<int>());
  EXPECT_GT(outcome["duplicates"], 1000);
  for (const char* bad : {"lost", "doubled", "changed"}) EXPECT_EQ(outcome[bad], 0) << bad;
}

TEST(Demo, EndsWithATableAndWhatTheMockCannotShow) {
  const Finished finished = run({"demo", "--messages", "500", "--duplicates", "0"});
  ASSERT_EQ(finished.status, 0) << finished.err;
  EXPECT_NE(finished.out.find("lost"), std::string::npos);
  EXPECT_NE(finished.out.find("cannot show exactly-once"), std::string::npos);
}

TEST(Demo, InterruptedLeavesNothingBehind) {
  const TemporaryDirectory scratch;
  Program demo({"demo", "--messages", "100000000"}, {{"TMPDIR", scratch.path().native()}});
  // Once it has a store it has long blocked its signals; right after its start it may not have.
  ASSERT_TRUE(eventually([&] {
    std::error_code ignored;
    for (std::filesystem::recursive_directory_iterator at(scratch.path(), ignored), end; at != end;
         at.increment(ignored)) {
      if (at->path().filename() == "data.mdb") return true;
    }
    return false;
  }));
  demo.signal(SIGINT);
  EXPECT_EQ(demo.wait().status, 75);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(Demo, ThatCannotMakeItsDirectoryNamesTheVariable) {
  for (const char* folder : {"/nowhere/at/all", "/dev/null", "/proc"}) {
    const Finished finished = run({"demo", "--messages", "500"}, {{"TMPDIR", folder}});
    EXPECT_EQ(finished.status, 74) << finished.err;
    EXPECT_NE(finished.err.find(std::string("TMPDIR (") + folder + "): "), std::string::npos) << finished.err;
  }
}

/// What one progress line says.
struct Shown {
  std::uint64_t percent = 0;
  std::uint64_t consumed = 0;
  std::uint64_t first_seen = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t per_second = 0;
};

std::uint64_t count_of(std::string text) {
  std::erase(text, ',');
  return std::stoull(text);
}

/// The progress lines in what a demo has written, each of which must begin with `begin` and end with `end`.
std::vector<Shown> progress_lines(const std::string& written, const std::string& begin, const std::string& end) {
  const std::regex line(
      begin + R"( *(\d+)%  ([\d,]+) consumed  ([\d,]+) first seen  ([\d,]+) duplicates  ([\d,]+) messages/s)" + end);
  std::vector<Shown> lines;
  for (std::sregex_iterator at(written.begin(), written.end(), line), none; at != none; ++at) {
    const auto& cells = *at;
    lines.push_back(
        {count_of(cells[1]), count_of(cells[2]), count_of(cells[3]), count_of(cells[4]), count_of(cells[5])});
  }
  return lines;
}

/// More than a demo takes in while these tests look at it.
constexpr std::uint64_t goal = 3'000'000;
const std::vector<std::string> long_demo{"demo", "--messages", std::to_string(goal)};

bool enough(const std::vector<Shown>& lines, std::size_t count) {
  return lines.size() >= count && lines.back().duplicates > 0 && lines.back().consumed > lines.front().consumed;
}

/// `elapsed`: between a moment before the demo was started and one after the last of these lines.
void expect_true_progress(const std::vector<Shown>& lines, std::chrono::duration<double> elapsed) {
  std::uint64_t before = 0;
  for (const Shown& line : lines) {
    EXPECT_EQ(line.consumed, line.first_seen + line.duplicates);
    EXPECT_EQ(line.percent, line.consumed * 100 / goal);
    EXPECT_GE(line.consumed, before);
    before = line.consumed;
    EXPECT_LE(line.per_second, line.consumed * 1000) << "its clock counts milliseconds";
  }
  const Shown& last = lines.back();
  EXPECT_GE(static_cast<double>(last.per_second) + 1, static_cast<double>(last.consumed) / elapsed.count())
      << "on average since the start";
}

TEST(Demo, ShowsItsProgressAndRateOnALineThatRewritesItself) {
  const auto begun = SteadyClock::now();
  OnTerminal demo(long_demo, 24, 100);
  std::vector<Shown> lines;
  ASSERT_TRUE(eventually([&] {
    const bool another = static_cast<bool>(demo.shows("messages/s"));
    lines = progress_lines(demo.seen(), "\r\x1b\\[K", "");
    return another && enough(lines, 12);
  })) << demo.seen();
  const std::chrono::duration<double> elapsed = SteadyClock::now() - begun;
  demo.signal(SIGINT);
  EXPECT_EQ(demo.status(), 75);
  EXPECT_GE(elapsed.count(), 0.1 * static_cast<double>(lines.size())) << "ten times a second at most";
  expect_true_progress(lines, elapsed);
  EXPECT_NE(demo.seen().find("messages/s\r\nfirstseen: interrupted"), std::string::npos)
      << "the last one is left standing: " << demo.seen();
}

TEST(Demo, WritesALineASecondWhereNoTerminalIs) {
  const auto begun = SteadyClock::now();
  Program demo(long_demo);
  std::vector<Shown> lines;
  ASSERT_TRUE(eventually([&] {
    lines = progress_lines(demo.log(), "(?:^|\n)", "(?=\n)");
    return enough(lines, 2);
  })) << demo.log();
  const std::chrono::duration<double> elapsed = SteadyClock::now() - begun;
  demo.signal(SIGINT);
  const Finished finished = demo.wait();
  EXPECT_EQ(finished.status, 75);
  EXPECT_GE(elapsed.count(), static_cast<double>(lines.size()));
  expect_true_progress(lines, elapsed);
  EXPECT_EQ(finished.err.find_first_of("\r\x1b"), std::string::npos) << finished.err;
  EXPECT_EQ(finished.out, "") << "results only";
}

}  // namespace
}  // namespace firstseen::test
