#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "exec_scene.h"
#include "store/directory.h"

namespace firstseen::test {
namespace {

class Exec : public ExecScene {};

TEST_F(Exec, RunsOnceAndADuplicateGetsBytesAndStatusWithoutRunning) {
  const std::string script = R"(printf 'out\0\377'; printf 'err\n' >&2; exit 7)";
  for (int i = 0; i < 3; ++i) {
    const Finished finished = exec("a", script);
    EXPECT_EQ(finished.status, 7);
    EXPECT_EQ(finished.out, std::string("out\0\377", 5));
    EXPECT_EQ(finished.err, "err\n");
  }
  EXPECT_EQ(runs(), 1);
  EXPECT_EQ(exec("b", "true").status, 0);
  EXPECT_EQ(runs(), 2);
}

TEST_F(Exec, RunsAgainAfterTheTimeToLive) {
  ASSERT_EQ(exec("a", "true", {"--ttl", "1ms"}).status, 0);
  ASSERT_TRUE(eventually([&] { return exec("a", "true", {"--ttl", "1h"}).status == 0 && runs() == 2; }));
  EXPECT_EQ(exec("a", "true").status, 0);
  EXPECT_EQ(runs(), 2);
}

TEST_F(Exec, IsKnownForTheLongestTimeToLive) {
  EXPECT_EQ(exec("a", "exit 3", {"--ttl", "100y"}).status, 3);
  EXPECT_EQ(exec("a", "true").status, 3);
  EXPECT_EQ(runs(), 1);
}

TEST_F(Exec, OneInFlightGives75OrIsWaitedFor) {
  Program first(words("a", "while ! test -e '" + effects().string() + ".go'; do sleep 0.02; done; echo done"));
  wait_for_runs(1);
  EXPECT_EQ(exec("a", "true").status, 75);
  EXPECT_EQ(exec("a", "true", {"--wait-at-most", "20ms"}).status, 75);
  EXPECT_EQ(run({"store", "forget", "--store", store(), "--key", "a"}).status, 75);
  Program waiting(words("a", "true", {"--wait"}));
  std::ofstream(effects().string() + ".go") << "";
  EXPECT_EQ(first.wait().status, 0);
  const Finished waited = waiting.wait();
  EXPECT_EQ(waited.status, 0);
  EXPECT_EQ(waited.out, "done\n");
  EXPECT_EQ(runs(), 1);
}

TEST_F(Exec, GivesTheCommandItsStdinAndArgumentsUntouched) {
  EXPECT_EQ(exec("a", "cat", {}, "from stdin").out, "from stdin");
  const Finished odd =
      run({"exec", "--store", store(), "--key", "b", "--", "printf", "<%s>", "[a,b]", "", "--", "-x", "{}"});
  EXPECT_EQ(odd.out, "<[a,b]><><--><-x><{}>");
}

TEST_F(Exec, ADuplicateGivesAllBytesToAPipeThatDoesNotWait) {
  ASSERT_EQ(exec("a", "head -c 300000 /dev/zero | tr '\\0' x").status, 0);
  std::array<int, 2> ends{-1, -1};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  const store::FileDescriptor reading(ends[0]);
  store::FileDescriptor writing(ends[1]);
  store::FileDescriptor inherited(::fcntl(ends[1], F_DUPFD, 3));
  ASSERT_LT(inherited.get(), 10) << "a shell knows one digit";
  std::vector<std::string> shell{"-c", "exec \"$@\" >&" + std::to_string(inherited.get()), "sh", firstseen_program()};
  for (const std::string& word : words("a", "true")) shell.push_back(word);
  Program program("/bin/sh", shell, {}, "");
  writing = store::FileDescriptor();
  inherited = store::FileDescriptor();
  const int capacity = ::fcntl(reading.get(), F_GETPIPE_SZ);
  int waiting = 0;
  EXPECT_TRUE(eventually([&] { return ::ioctl(reading.get(), FIONREAD, &waiting) != 0 || waiting >= capacity; }));
  std::size_t bytes = 0;
  EXPECT_TRUE(eventually([&] {
    std::array<char, 65536> piece{};
    const ssize_t got = ::read(reading.get(), piece.data(), piece.size());
    bytes += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    return got == 0;
  }));
  EXPECT_EQ(bytes, 300'000U);
  EXPECT_EQ(program.wait().status, 0);
}

TEST_F(Exec, ACommandIsNotDisturbedByWarningsThatCannotBeWritten) {
  ASSERT_EQ(exec("a", "echo much; exit 3", {"--max-output", "1B"}).status, 3);
  std::vector<std::string> shell{"-c", "exec \"$@\" 2>/dev/full", "sh", firstseen_program()};
  for (const std::string& word : words("a", "true")) shell.push_back(word);
  EXPECT_EQ(Program("/bin/sh", shell, {}, "").wait().status, 3);
}

TEST_F(Exec, KeepsAsMuchOutputAsItIsToldAndSaysWhatIsMissing) {
  const std::string script = "head -c 3000000 /dev/zero | tr '\\0' x";
  EXPECT_EQ(exec("a", script, {"--max-output", "1kB"}).out, std::string(3'000'000, 'x'));
  const Finished again = exec("a", script);
  EXPECT_EQ(again.out, std::string(1000, 'x'));
  EXPECT_NE(again.err.find("2999000 more bytes"), std::string::npos) << again.err;
  EXPECT_EQ(runs(), 1);
}

TEST_F(Exec, WrongUseIs64AndRunsNothing) {
  EXPECT_EQ(run({"exec", "--key", "a"}).status, 64);
  EXPECT_EQ(run({"exec", "--key", "a", "--"}).status, 64);
  EXPECT_EQ(run({"exec", "--", "true"}).status, 64);
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{{"--ttl", "soon"},
                                                                                       {"--ttl", "0s"},
                                                                                       {"--ttl", ""},
                                                                                       {"--max-output", "2GiB"},
                                                                                       {"--retry", "always"},
                                                                                       {"--key", ""}}) {
    EXPECT_EQ(exec("a", "true", options).status, 64) << options.front();
  }
  for (const std::string option : {"--ttl", "--lease", "--timeout", "--kill-after", "--wait-at-most"}) {
    const Finished endless = exec("a", "true", {option, "292000000y"});  // 64-bit milliseconds hold it, but no sum
    EXPECT_EQ(endless.status, 64) << option;
    EXPECT_NE(endless.err.find(option + ": must be from 1ms to 100y"), std::string::npos) << endless.err;
  }
  EXPECT_EQ(runs(), 0);
}

}  // namespace
}  // namespace firstseen::test
