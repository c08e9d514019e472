// What the README shows of a terminal is what the commands print, apart from times.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "component/readme/readme.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

/// It shows a daemon in trouble.
bool needs_a_daemon(const Session& session) { return session.front().command.starts_with("curl "); }

/// A last line "..." stands for more.
void expect_output(const Step& step, const std::string& printed) {
  std::string shown = step.output;
  std::string got = at_nobodys_time(printed);
  if (shown.ends_with("\n...\n")) {
    shown.resize(shown.size() - 4);
    got.resize(std::min(got.size(), shown.size()));
  }
  EXPECT_EQ(got, at_nobodys_time(shown)) << step.command;
}

TEST(Readme, ItsSessionsPrintWhatItShows) {
  int run = 0;
  for (const Session& session : sessions()) {
    ASSERT_FALSE(session.empty());
    if (needs_a_daemon(session)) continue;
    const TemporaryDirectory directory;
    for (const Step& step : session) expect_output(step, shell(step.command, directory.path()));
    ++run;
  }
  EXPECT_GE(run, 3) << "exec, the stores, plan";
}

}  // namespace
}  // namespace firstseen::test
