// Ingestors that run again after an error, and several at once.
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <thread>

#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

/// While it lives, this process's files cannot grow beyond so many bytes: as a full disk.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  FileLimit(FileLimit&&) = delete;
  FileLimit& operator=(FileLimit&&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// More than the sink holds in memory.
std::string megabytes_of_lines(int megabytes) {
  std::string text;
  for (int number = 0; text.size() < static_cast<std::size_t>(megabytes) << 20U; ++number) {
    text += std::to_string(number) + std::string(50, 'x') + "\n";
  }
  return text;
}

TEST_F(IntoAFile, ARunAfterOneThatCouldNotWriteBeginsAsANewIngestorWould) {
  constexpr rlim_t limit = 1536U << 10U;
  const std::string text = megabytes_of_lines(4);
  write("a.txt", "0\n");
  write("b.txt", text);
  const auto ingestor = open();
  ASSERT_TRUE(ingestor);
  for (int i = 0; i < 2; ++i) {
    const FileLimit full_disk(limit);
    const auto stopped = run_of(*ingestor);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().exit, Exit::io);
    EXPECT_TRUE(contains(stopped.error().message, "cannot write the output"));
  }
  const auto summary = run_of(*ingestor);
  ASSERT_TRUE(summary) << summary.error().message;
  expect_counts(*summary, 1, 1, 0);
  EXPECT_TRUE(output() == "0\n" + text) << output().size() << " bytes, not " << text.size() + 2;
}

TEST_F(IntoAFile, KeysOfARunThatCouldNotWriteAreNotSeen) {
  options_.keys.emplace();
  options_.keys->spec.scope = key::Scope::none;
  options_.keys->spec.fields = {{"payload", std::nullopt}};
  options_.keys->max_size_bytes = 64U << 20U;
  const std::string text = megabytes_of_lines(3);
  write("a.txt", text);
  const auto ingestor = open();
  ASSERT_TRUE(ingestor);
  {
    const FileLimit full_disk(1536U << 10U);
    ASSERT_FALSE(run_of(*ingestor));
  }
  const auto summary = run_of(*ingestor);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->duplicates, 0U);
  EXPECT_TRUE(output() == text) << output().size() << " bytes, not " << text.size();
}

TEST_F(IntoAFile, AnOutputIsWrittenByOneIngestorAtATime) {
  write("a.txt", "1\n");
  const auto first = open();
  ASSERT_TRUE(first);
  ASSERT_TRUE(run_of(*first));
  options_.ledger = directory_.path() / "other ledger";
  {
    const auto second = open();
    ASSERT_TRUE(second);
    const auto refused = run_of(*second);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit, Exit::try_again);
    EXPECT_TRUE(contains(refused.error().message, "is being written by another process"));
  }
  EXPECT_EQ(output(), "1\n");
  write("b.txt", "2\n");
  ASSERT_TRUE(run_of(*first)) << "it still holds its output";
  EXPECT_EQ(output(), "1\n2\n");
}

TEST_F(IntoAFile, OfManyThatOpenANewLedgerAtOnceExactlyOneWinsAndTheOthersMayTryAgain) {
  constexpr int rounds = 20;
  constexpr int many = 8;
  for (int round = 0; round < rounds; ++round) {
    options_.ledger = directory_.path() / std::to_string(round) / "ledger";
    std::latch together(many);
    std::latch all_tried(many);
    std::atomic<int> winners = 0;
    std::atomic<int> told_to_wait = 0;
    {
      std::vector<std::jthread> threads;
      threads.reserve(many);
      for (int i = 0; i < many; ++i) {
        threads.emplace_back([&] {
          together.arrive_and_wait();
          const auto ingestor = Ingestor::open(options_, clock_, {});
          winners += ingestor ? 1 : 0;
          told_to_wait += !ingestor && ingestor.error().exit == Exit::try_again ? 1 : 0;
          all_tried.arrive_and_wait();
        });
      }
    }
    EXPECT_EQ(winners.load(), 1);
    EXPECT_EQ(told_to_wait.load(), many - 1);
  }
}

}  // namespace
}  // namespace firstseen::ingest::test
