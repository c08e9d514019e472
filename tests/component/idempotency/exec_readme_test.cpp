// The console block of README.md's section on exec is run as it stands; times may differ.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "component/daemon/program.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

struct Step {
  std::string command;
  std::string output;
};

/// The "$ command" lines and what stands below each, of the first console block after the heading.
std::vector<Step> steps_after(const std::string& heading) {
  std::ifstream readme(std::string(FIRSTSEEN_SOURCE_DIR) + "/README.md");
  std::vector<Step> steps;
  std::string line;
  while (std::getline(readme, line) && line != heading) continue;
  while (std::getline(readme, line) && line != "```console") continue;
  while (std::getline(readme, line) && line != "```") {
    if (line.starts_with("$ ")) {
      steps.push_back({line.substr(2), ""});
    } else if (!steps.empty()) {
      steps.back().output += line + "\n";
    }
  }
  return steps;
}

std::string shell(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");  // NOLINT(cert-env33-c): the README's own commands
  if (pipe == nullptr) return "popen";
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), got);
  ::pclose(pipe);
  return text;
}

std::string without_times(const std::string& text) {
  return std::regex_replace(text, std::regex(R"(\d{4}-\d\d-\d\dT[\d:.]+Z)"), "TIME");
}

TEST(Readme, ItsExecSessionGivesWhatItShows) {
  const TemporaryDirectory home;
  const auto steps = steps_after("### Commands at most once");
  ASSERT_GE(steps.size(), 4U);
  const std::filesystem::path program = FIRSTSEEN_TEST_PROGRAM;
  const std::string setting =
      "PATH='" + program.parent_path().string() + "':$PATH; export XDG_STATE_HOME='" + home.path().string() + "'; ";
  for (const Step& step : steps) {
    EXPECT_EQ(without_times(shell(setting + step.command)), without_times(step.output)) << step.command;
  }
}

}  // namespace
}  // namespace firstseen::test
