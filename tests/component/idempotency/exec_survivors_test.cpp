// What a command has started, and leaves behind when its guard is killed or it ends.
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "exec_scene.h"

namespace firstseen::test {
namespace {

class ExecSurvivors : public ExecScene {
 protected:
  void TearDown() override {
    if (survivor() > 0) ::kill(survivor(), SIGKILL);
  }

  [[nodiscard]] std::string pid_file() const { return effects().string() + ".pid"; }
  /// Starts a process that nobody ends, and puts its id into the file, complete or not at all.
  [[nodiscard]] std::string leave_one() const {
    return "sleep 600 >/dev/null 2>&1 & echo $! >'" + pid_file() + ".new'; mv '" + pid_file() + ".new' '" + pid_file() +
           "'; ";
  }
  [[nodiscard]] pid_t survivor() const {
    pid_t pid = -1;
    std::ifstream(pid_file()) >> pid;
    return pid;
  }

  /// A run that is killed with its guard, but for the process that it has started.
  void kill_a_guard(const std::vector<std::string>& options) const {
    Program guard(words("a", leave_one() + "wait", options));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(pid_file()); }));
    guard.signal(SIGKILL);
    ASSERT_EQ(guard.wait().status, 128 + SIGKILL);
    ASSERT_FALSE(is_gone(pid_file()));
  }
};

TEST_F(ExecSurvivors, OfAKilledGuardAreNotRunBeside) {
  kill_a_guard({"--lease", "1h"});
  EXPECT_EQ(exec("a", "true", {"--on-abandoned", "retry"}).status, 75);
  EXPECT_EQ(exec("a", "true").status, 75);
  EXPECT_EQ(run({"store", "forget", "--store", store(), "--key", "a"}).status, 75);
  EXPECT_EQ(runs(), 1);
  ::kill(survivor(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return exec("a", "true").status == 69; }));
  EXPECT_EQ(exec("a", "true", {"--on-abandoned", "retry"}).status, 0);
  EXPECT_EQ(runs(), 2);
}

TEST_F(ExecSurvivors, OfAKilledGuardAreWaitedForAsLongAsTheLease) {
  kill_a_guard({"--lease", "500ms"});
  ASSERT_TRUE(eventually([&] { return exec("a", "true", {"--on-abandoned", "retry"}).status == 0; }));
  EXPECT_EQ(runs(), 2);
  EXPECT_FALSE(is_gone(pid_file())) << "nobody has ended it";
}

TEST_F(ExecSurvivors, OfACommandThatHasEndedStandInNobodysWay) {
  EXPECT_EQ(exec("a", leave_one() + "exit 3", {"--retry", "failure", "--lease", "1h"}).status, 3);
  EXPECT_FALSE(is_gone(pid_file()));
  EXPECT_EQ(exec("a", "exit 4", {"--lease", "1h"}).status, 4);
  EXPECT_EQ(exec("a", "true").status, 4);
  EXPECT_EQ(runs(), 2);
  EXPECT_EQ(run({"store", "forget", "--store", store(), "--key", "a"}).status, 0);
  EXPECT_FALSE(is_gone(pid_file()));
  EXPECT_TRUE(std::filesystem::is_empty(store() + "/owners")) << "an owner that has ended leaves no file";
}

TEST_F(ExecSurvivors, AreKnownByADescriptorThatNoScriptUsesWhateverTheCallerHasClosed) {
  const std::string list = effects().string() + ".list";
  const std::string script = "for n in 0 1 2; do readlink /proc/$$/fd/$n; done >'" + list +
                             "'; ls -l /proc/$$/fd | sed -n 's|.* \\([0-9]*\\) -> .*/owners/.*|owner \\1|p' >>'" +
                             list + "'";
  int keys = 0;
  for (const std::string closing : {"", "<&-", ">&-", "2>&-", "<&- >&- 2>&-"}) {
    std::vector<std::string> shell{"-c", "exec \"$@\" " + closing, "sh", firstseen_program()};
    for (const std::string& word : words("key " + std::to_string(++keys), script)) shell.push_back(word);
    EXPECT_EQ(Program("/bin/sh", shell, {}, "").wait().status, 0) << closing;
    std::ifstream file(list);
    const std::string found{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    EXPECT_EQ(found.find("/owners/"), std::string::npos) << closing << "\n" << found;
    EXPECT_EQ(std::ranges::count(found, '\n'), 4) << closing << "\n" << found;
    EXPECT_NE(found.find("owner 100\n"), std::string::npos) << closing << "\n" << found;
  }
}

}  // namespace
}  // namespace firstseen::test
