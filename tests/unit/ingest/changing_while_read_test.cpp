// Files that change between their two readings.
#include <sys/stat.h>

#include <functional>
#include <utility>

#include "ingest/block_source.h"
#include "unit/ingest/into_a_file.h"

namespace firstseen::ingest::test {
namespace {

namespace fs = std::filesystem;

struct Given {
  std::string text;
  std::string error;
};

Given all_of(BlockSource& source) {
  Given given;
  std::string buffer(60'000, '\0');
  while (true) {
    const auto count = source.read(buffer);
    if (!count) {
      given.error = count.error().message;
      return given;
    }
    if (*count == 0) return given;
    given.text.append(buffer, 0, *count);
  }
}

std::string of_bytes(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; text.size() < count; ++i) text += std::to_string(i) + '\n';
  text.resize(count);
  return text;
}

constexpr std::size_t pieces = 300'000;

TEST(BlockSource, GivesAgainWhatIsAsItWasHoweverItArrives) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, BlockSource::block_bytes, 3'000'000UL}) {
    const std::string text = of_bytes(size);
    BlockDigests blocks;
    EXPECT_TRUE(all_of(*BlockSource::noting(std::make_unique<TextSource>(text, 7'000'000), blocks)).text == text);
    const Given again = all_of(*BlockSource::checking(std::make_unique<TextSource>(text, pieces), blocks));
    EXPECT_EQ(again.error, "");
    EXPECT_TRUE(again.text == text) << size;
  }
}

TEST(BlockSource, GivesNoByteOfABlockThatIsNotAsItWas) {
  const std::string text = of_bytes(3'000'000);
  BlockDigests blocks;
  all_of(*BlockSource::noting(std::make_unique<TextSource>(text, pieces), blocks));
  std::string written = text;
  written[BlockSource::block_bytes + 5] = '!';
  const std::string longer = text + "x";
  const std::string shorter = text.substr(0, 2 * BlockSource::block_bytes);
  for (const std::string& other : {written, longer, shorter, std::string()}) {
    const Given given = all_of(*BlockSource::checking(std::make_unique<TextSource>(other, pieces), blocks));
    EXPECT_TRUE(contains(given.error, "input: the file changed while it was being read"));
    EXPECT_TRUE(text.starts_with(given.text));
    EXPECT_LE(given.text.size(), 2 * BlockSource::block_bytes);
  }
}

class Changing : public IntoAFile {
 protected:
  /// Calls it once, between the first reading of a file and the second.
  void between_the_readings(std::function<void()> change) {
    changed_ = false;
    options_.hook = [this, change = std::move(change)](Step step) {
      if (step == Step::claimed && !std::exchange(changed_, true)) change();
    };
  }

 private:
  bool changed_ = false;
};

TEST_F(Changing, NoRecordOfAnotherContentIsIngestedInTheNameOfTheFirst) {
  for (const std::uint64_t records_per_transaction : {0U, 1U}) {
    options_.records_per_transaction = records_per_transaction;
    const std::string name = std::to_string(records_per_transaction) + ".jsonl";
    const std::string before = output();
    write(name, "1\n2\n3\n");
    between_the_readings([&] { write(name, "4\n5\n6\n"); });
    expect_counts(run(), 0, records_per_transaction, 1);
    EXPECT_TRUE(contains(failure(), name + ": the file changed while it was being read"));
    EXPECT_EQ(record_of(name).status, FileStatus::failed);
    EXPECT_EQ(output(), before);
    options_.hook = {};
    write(name, std::to_string(records_per_transaction) + "\n");
    expect_counts(run(), 1, records_per_transaction, 0);
    EXPECT_EQ(output(), before + std::to_string(records_per_transaction) + "\n");
  }
}

TEST_F(Changing, AFileThatGrowsIsIngestedOnceItHasStopped) {
  options_.records_per_transaction = 1;
  write("a.jsonl", "1\n2\n");
  between_the_readings([&] { std::ofstream(in() + "/a.jsonl", std::ios::app) << "3\n"; });
  expect_counts(run(), 0, 0, 1);
  EXPECT_EQ(output(), "");
  expect_counts(run(), 1, 0, 0);
  EXPECT_EQ(output(), "1\n2\n3\n");
}

TEST_F(Changing, AFileThatIsReplacedIsNotTakenForTheOneThatWasExamined) {
  write("a.jsonl", "1\n");
  directory_.write("other", "2\n");
  between_the_readings([&] { fs::rename(directory_.path() / "other", in() + "/a.jsonl"); });
  expect_counts(run(), 0, 0, 1);
  EXPECT_EQ(output(), "");
}

TEST_F(Changing, APipeIsRefusedInsteadOfWaitingForItsWriter) {
  write("a.txt", "1\n");
  const std::string pipe = in() + "/pipe.txt";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto ingestor = open();
  ASSERT_TRUE(ingestor);
  std::string why;
  const auto summary =
      ingestor->run(list_files({in(), pipe}, {}), [&](const FileOutcome& outcome) { why += outcome.detail; });
  ASSERT_TRUE(summary) << summary.error().message;
  expect_counts(*summary, 1, 0, 1);
  EXPECT_TRUE(contains(why, pipe + ": it is no regular file"));
}

}  // namespace
}  // namespace firstseen::ingest::test
