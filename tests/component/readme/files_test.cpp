// What the README shows of demo, filter, ingest and explain is what they print.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "component/daemon/program.h"
#include "component/readme/readme.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The README has this text as a whole block.
void expect_block(const std::string& text) {
  EXPECT_NE(readme().find("```\n" + text + "```\n"), std::string::npos) << text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

TEST(Readme, ShowsWhatExplainAnswersToTheMessageOfItsQuickStart) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "orders.yaml") << block_below("## Quick start with your own Kafka", "yaml");
  const std::string commands = block_below("store:  {path: ./orders-store}", "sh");
  const std::size_t begin = commands.find("echo '");
  const std::size_t end = commands.find('#', begin);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << commands;
  const std::string shown = replaced(commands.substr(begin, end - begin), "build/release/firstseen", "firstseen");
  expect_block(shell(shown, directory.path()));
}

TEST(Readme, ShowsHowTheDemoEnds) {
  const Finished finished = run({"demo", "--messages", "500"});
  ASSERT_EQ(finished.status, 0) << finished.err;
  const std::size_t limits = finished.out.find("\n\n");
  ASSERT_NE(limits, std::string::npos) << finished.out;
  EXPECT_NE(readme().find(finished.out.substr(limits) + "```\n"), std::string::npos) << finished.out;
}

TEST(Readme, ShowsWhatFilterPrints) {
  const TemporaryDirectory directory;
  const auto summary = directory.path() / "summary.json";
  const Finished finished = run({"filter", "--key", "payload:/id", "--summary", summary}, {},
                                "{\"id\":1,\"v\":\"a\"}\n{\"id\":1,\"v\":\"again\"}\n{\"id\":2}\nnot json\n");
  EXPECT_EQ(finished.status, 65);
  expect_block(finished.out + finished.err);
  expect_block(contents(summary));
}

TEST(Readme, ShowsWhatIsKeptOfALine) {
  const TemporaryDirectory directory;
  const std::string store = directory.path() / "seen";
  ASSERT_EQ(run({"filter", "--key", "payload:/id", "--store", store, "--keep-payload"}, {},
                "{\"id\":1,\"v\":\"a\"}\n{\"id\":2}\n")
                .status,
            0);
  expect_block(at_nobodys_time(run({"store", "lookup", "--store", store, "--line", "{\"id\":1}"}).out));
}

TEST(Readme, ShowsWhatIngestPrints) {
  const TemporaryDirectory directory;
  const auto in = directory.path() / "in";
  const std::string ledger = directory.path() / "ledger";
  std::filesystem::create_directory(in);
  std::ofstream(in / "customers.csv") << "id,name\n1,Ann\n2,\"Bob, jr\"\n";
  std::ofstream(in / "orders.jsonl") << "{\"id\":1}\n{\"id\":2}\n";
  std::ofstream(in / "orders-copy.jsonl") << "{\"id\":1}\n{\"id\":2}\n";
  std::ofstream(in / "cut-off.json") << "[{\"id\":3},{\"id\"";
  const std::string root = directory.path().string() + "/";
  const Finished finished = run({"ingest", "--to-file", directory.path() / "all.jsonl", "--ledger", ledger, in});
  EXPECT_EQ(finished.status, 65);
  expect_block(replaced(finished.err + finished.out, root, ""));
  // The paths' column is narrower in the README, and its times are nobody's.
  std::string status = at_nobodys_time(run({"ingest", "--status", "--ledger", ledger}).out);
  status = replaced(status, std::string(root.size(), ' ') + "note", "note");
  expect_block(replaced(status, root, ""));
}

}  // namespace
}  // namespace firstseen::test
