#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "component/daemon/program.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

Finished filter(Words arguments, const std::string& input) {
  arguments.insert(arguments.begin(), "filter");
  return run(arguments, {}, input);
}

void expect_part(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << part << "' is not in: " << text;
}

Json json_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return Json::parse(in);
}

std::string lines_of(int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) text += "{\"id\":" + std::to_string(i) + "}\n";
  return text;
}

TEST(Filter, WritesTheFirstLineOfEveryKeyAsItCameAndInOrder) {
  const std::string input =
      "{\"id\":1,\"v\":\"a\"}\n{\"v\":\"b\", \"id\": 1.0}\r\n{\"id\":2}\r\n\n{\"id\":\"1\"}\n{\"id\":2}";
  const Finished finished = filter({"--key", "payload:/id"}, input);
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "{\"id\":1,\"v\":\"a\"}\n{\"id\":2}\r\n{\"id\":\"1\"}\n");
  EXPECT_EQ(finished.err, "");
}

TEST(Filter, WithoutAKeyTheWholeLineIsTheKeyWhateverItIs) {
  EXPECT_EQ(filter({}, "b\na\nb\n\n a\n").out, "b\na\n a\n");
}

TEST(Filter, AFileWhoseNameSaysCsvIsRefusedWithTheOptionThatReadsIt) {
  const TemporaryDirectory directory;
  const std::string csv = directory.path() / "orders.csv";
  const std::string json = directory.path() / "orders.jsonl";
  for (const std::string& file : {csv, json}) std::ofstream(file) << "id,v\n1,a\n1,b\n";
  const Finished refused = filter({"--key", "payload:/id", csv}, "");
  EXPECT_EQ(refused.status, 65);
  expect_part(refused.err, csv + ": was read as JSON; if it is not, try --format csv");
  EXPECT_EQ(filter({"--key", "payload:/id", json}, "").err.find("--format"), std::string::npos);
  EXPECT_EQ(filter({"--key", "payload:/id", "--format", "csv", csv}, "").status, 0);
}

TEST(Filter, SeveralKeysAreOneAndFilesComeInTheOrderGiven) {
  const TemporaryDirectory directory;
  const std::string one = directory.path() / "one";
  const std::string two = directory.path() / "two";
  std::ofstream(one) << "{\"a\":1,\"b\":2}\n";
  std::ofstream(two) << "{\"a\":1,\"b\":3}\n{\"b\":2,\"a\":1}\n";
  EXPECT_EQ(filter({"-k", "payload:/a", "-k", "payload:/b", two, "-", one}, "{\"a\":1,\"b\":2}\n").out,
            "{\"a\":1,\"b\":3}\n{\"b\":2,\"a\":1}\n");
}

TEST(Filter, AnArrayOfOperationsBecomesLines) {
  const Finished finished = filter({"--key", "payload:/id"},
                                   "[\n  {\n    \"id\": 1,\n    \"x\": \"a b\"\n  },\n  {\"id\": 1}, {\"id\": 2}\n]\n");
  EXPECT_EQ(finished.status, 0) << finished.err;
  EXPECT_EQ(finished.out, "{\"id\":1,\"x\":\"a b\"}\n{\"id\": 2}\n");
  const Finished lines = filter({"--key", "payload:/0", "--format", "jsonl"}, "[1,2]\n[1,3]\n[2]\n");
  EXPECT_EQ(lines.out, "[1,2]\n[2]\n");
}

TEST(Filter, RejectedLinesAreReportedWithTheirNumbersAndTheOthersPass) {
  const TemporaryDirectory directory;
  const auto summary = directory.path() / "summary.json";
  std::string input = "{\"id\":1}\n\nnot json\n{\"other\":1}\n{\"id\":1}\n{\"id\":2}\n";
  const Finished finished = filter({"--key", "payload:/id", "--summary", summary}, input);
  EXPECT_EQ(finished.status, 65);
  EXPECT_EQ(finished.out, "{\"id\":1}\n{\"id\":2}\n");
  expect_part(finished.err, "stdin:3: rejected: ");
  expect_part(finished.err, "stdin:4: rejected: payload:/id: ");
  EXPECT_EQ(json_of(summary), Json({{"total_input", 5},
                                    {"processed", 2},
                                    {"skipped", 1},
                                    {"rejected", 2},
                                    {"stored_keys", 2},
                                    {"effective_window_ms", 86'400'000}}));
  input.clear();
  for (int i = 0; i < 30; ++i) input += "x\n";
  expect_part(filter({"--key", "payload:/id"}, input).err, "stdin: 20 more rejected");
}

TEST(Filter, AnInputThatCannotBeReadDoesNotStopTheOthers) {
  const TemporaryDirectory directory;
  const Finished finished = filter({(directory.path() / "gone").string(), directory.path().string(), "-"}, "a\n");
  EXPECT_EQ(finished.out, "a\n");
  EXPECT_EQ(finished.status, 74);
  expect_part(finished.err, "gone: No such file");
  expect_part(finished.err, "Is a directory");
  const Finished cut = filter({"-", "--key", "payload:/id"}, "[{\"id\":1},{\"id\":2");
  EXPECT_EQ(cut.out, "{\"id\":1}\n");
  EXPECT_EQ(cut.status, 65);
  expect_part(cut.err, "stdin:1: the JSON array is cut off in element 2");
}

TEST(Filter, AGzipFileThatIsCutOffGivesWhatItHoldsAndSaysSo) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "x.jsonl.gz";
  {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "wb"), gzclose);
    const std::string text = lines_of(1, 50'000);
    ASSERT_GT(gzwrite(file.get(), text.data(), static_cast<unsigned>(text.size())), 0);
  }
  EXPECT_EQ(filter({path}, "").out, lines_of(1, 50'000));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const Finished finished = filter({path, "-"}, "last\n");
  EXPECT_EQ(finished.status, 65);
  expect_part(finished.err, "the gzip data end in the middle");
  EXPECT_TRUE(finished.out.starts_with("{\"id\":1}\n"));
  EXPECT_TRUE(finished.out.ends_with("last\n"));
}

TEST(Filter, WithAStoreTheNextRunKnowsTheKeysWithinTheWindow) {
  const TemporaryDirectory directory;
  const std::string store = directory.path() / "store";
  const auto summary = directory.path() / "summary.json";
  const Words arguments{"--key", "payload:/id", "--store", store, "--max-size", "16MiB", "--summary", summary};
  EXPECT_EQ(filter(arguments, lines_of(1, 1000)).out, lines_of(1, 1000));
  EXPECT_EQ(filter(arguments, lines_of(500, 1500)).out, lines_of(1001, 1500));
  EXPECT_EQ(json_of(summary).at("stored_keys"), 1500);
  const Json stats = Json::parse(run({"store", "stats", "--store", store, "--json"}).out);
  EXPECT_EQ(stats.at("live_entries"), 1500);
  // The oldest keys expire; what is within the new window counts.
  EXPECT_EQ(
      filter({"--key", "payload:/id", "--store", store, "--max-size", "16MiB", "--ttl", "0ms"}, lines_of(7, 7)).out,
      lines_of(7, 7));
  const Finished other = filter({"--key", "payload:/x", "--store", store, "--max-size", "16MiB"}, "");
  EXPECT_EQ(other.status, 78);
  expect_part(other.err, "payload:/x");
}

TEST(Filter, AFullStoreTellsHowLittleOfTheWindowItCovers) {
  const TemporaryDirectory directory;
  const auto summary = directory.path() / "summary.json";
  Words arguments{"--store", directory.path() / "store", "--max-size", "1MiB", "--summary", summary};
  const Finished small = filter(arguments, lines_of(1, 10));
  EXPECT_EQ(small.err, "");
  EXPECT_EQ(json_of(summary).at("effective_window_ms"), 86'400'000);
  Words files = arguments;
  constexpr int lines = 10'000;
  for (int i = 1; i <= 10; ++i) {  // each is a batch
    files.push_back(directory.path() / std::to_string(i));
    std::ofstream(files.back()) << lines_of(i * lines, (i + 1) * lines - 1);
  }
  const Finished full = filter(files, "");
  EXPECT_EQ(full.status, 0) << full.err;
  EXPECT_EQ(full.out, lines_of(lines, 11 * lines - 1));
  expect_part(full.err, "the store is full and lets keys go early: the window covers ");
  expect_part(full.err, " of 1d, and lines that repeat after longer come again; raise --max-size or lower --ttl\n");
  expect_part(full.err, "in this run the window covered as little as ");
  EXPECT_EQ(std::count(full.err.begin(), full.err.end(), '\n'), 2) << full.err;
  EXPECT_LT(json_of(summary).at("effective_window_ms"), 86'400'000);
  EXPECT_LT(json_of(summary).at("stored_keys"), 10 * lines);
  expect_part(filter(arguments, "").err, "the store is full");  // what is gone stays gone for the next run
}

TEST(Filter, AStoreDirectoryOfAnotherKindIsRefusedAndNothingIsWritten) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path() / "slot-0");
  std::ofstream(directory.path() / "slot-0/data.mdb") << std::string(10'000, 'x');
  const Finished finished = filter({"--store", directory.path()}, "a\n");
  EXPECT_EQ(finished.status, 78);
  EXPECT_EQ(finished.out, "");
  expect_part(finished.err, "is not a store of this program");
}

TEST(Filter, AKillLosesNoLineAndDoublesOnlyThoseOfTheBatchInHand) {
  const TemporaryDirectory directory;
  const Words arguments{"filter", "--store", directory.path() / "store", "--max-size", "64MiB"};
  const std::string input = lines_of(1, 200'000);
  std::string out;
  {
    Program program(arguments, {}, input);
    ASSERT_TRUE(eventually([&] { return !program.output().empty() || !program.running(); }));
    program.signal(SIGKILL);
    out = program.wait().out;
  }
  const Finished second = run(arguments, {}, input);
  ASSERT_EQ(second.status, 0) << second.err;
  // Both outputs are runs of the input; together they cover it, and overlap by one batch of 1 MiB at most.
  EXPECT_TRUE(input.starts_with(out));
  EXPECT_TRUE(input.ends_with(second.out));
  EXPECT_GE(out.size() + second.out.size(), input.size());
  EXPECT_LE(out.size() + second.out.size(), input.size() + (1U << 20U) + 100);
}

TEST(Filter, UsageErrorsSayWhatIsWrong) {
  for (const auto& [arguments, part] :
       std::vector<std::pair<Words, std::string>>{{{"--key", "header:x"}, "payload:/POINTER"},
                                                  {{"--key", "payload:id"}, "payload:id"},
                                                  {{"--ttl", "5"}, "--ttl"},
                                                  {{"--ttl", "292000000y"}, "--ttl: must be from 0ms to 100y"},
                                                  {{"--format", "xml"}, "no format 'xml'"},
                                                  {{"--max-size", "1MiB"}, "--store"},
                                                  {{"--summary", "/nowhere/x"}, "/nowhere/x"}}) {
    const Finished finished = filter(arguments, "");
    EXPECT_TRUE(finished.status == 64 || finished.status == 74) << finished.status;
    expect_part(finished.err, part);
  }
}

}  // namespace
}  // namespace firstseen::test
