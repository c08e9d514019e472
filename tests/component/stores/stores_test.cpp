// `firstseen store` on the stores of filter, exec and ingest: each command finds out by itself what it has before it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "component/daemon/program.h"
#include "component/daemon/unprivileged.h"
#include "support/temporary_directory.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

class Stores : public testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] Finished filter(const std::string& input, const Words& more = {}) const {
    Words words{"filter", "--key", "payload:/id", "--store", at("filter"), "--max-size", "64MiB"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, {}, input);
  }
  [[nodiscard]] Finished ingest(const Words& more = {}) const {
    Words words{"ingest", "--to-file", at("out"), "--ledger", at("ledger"), at("in")};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(at("in"));
    std::ofstream(at("in/" + name)) << text;
  }
  /// One of every kind, by the name of its command.
  void make_all() const {
    ASSERT_EQ(filter("{\"id\":1}\n").status, 0);
    ASSERT_EQ(run({"exec", "--store", at("exec"), "--key", "a", "--", "true"}).status, 0);
    write("a.jsonl", "{\"id\":1}\n");
    ASSERT_EQ(ingest({"--key", "payload:/id"}).status, 0);
  }
  [[nodiscard]] Finished store(const std::string& command, const std::string& name, const Words& more = {}) const {
    Words words{"store", command, "--store", at(name)};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  [[nodiscard]] Json json(const std::string& command, const std::string& name, Words more = {}) const {
    more.emplace_back("--json");
    const Finished finished = store(command, name, more);
    EXPECT_EQ(finished.status, 0) << finished.err;
    return Json::parse(finished.out, nullptr, false);
  }

 private:
  const TemporaryDirectory directory_;
};

void expect_refused(const Finished& finished, const std::vector<std::string>& parts) {
  EXPECT_EQ(finished.status, 64) << finished.out;
  for (const std::string& part : parts) EXPECT_NE(finished.err.find(part), std::string::npos) << finished.err;
}

TEST_F(Stores, GiveAKeyThatIsForgottenBeforeAnyWasSeenNoTime) {
  const std::string digest(32, '0');
  ASSERT_EQ(filter("").status, 0);
  ASSERT_EQ(store("forget", "filter", {"--digest", digest}).status, 0);
  for (const char* command : {"stats", "list", "lookup"}) {
    const bool of_one = command == std::string("lookup");
    const Finished shown = store(command, "filter", of_one ? Words{"--digest", digest} : Words{});
    EXPECT_EQ(shown.status, 0) << shown.err;
    EXPECT_EQ(shown.out.find("1970"), std::string::npos) << shown.out;
  }
  EXPECT_EQ(json("list", "filter").at(0).at("time_ms"), 0);
}

TEST_F(Stores, EachIsRecognisedAlsoByTheEnvironmentInside) {
  make_all();
  EXPECT_EQ(json("stats", "filter").at("kind"), "filter");
  EXPECT_EQ(json("stats", "filter/slot-0").at("kind"), "filter");
  EXPECT_EQ(json("stats", "exec").at("kind"), "operations");
  EXPECT_EQ(json("stats", "exec/").at("kind"), "operations");
  EXPECT_EQ(json("stats", "ledger").at("kind"), "ledger");
  EXPECT_EQ(json("stats", "ledger/ledger/").at("kind"), "ledger");
  EXPECT_EQ(json("stats", "ledger/keys").at("kind"), "ingest_keys");
  std::filesystem::rename(at("exec"), at("slot-0"));
  EXPECT_EQ(json("stats", "slot-0").at("kind"), "operations") << "whatever it is called";
}

TEST_F(Stores, TellWhatEachKeyTakesOnDiskAndInMemoryAndWhereTheFigureIsFrom) {
  std::string lines;
  for (int id = 0; id < 1'000; ++id) lines += "{\"id\":" + std::to_string(id) + "}\n";
  ASSERT_EQ(filter(lines).status, 0);
  const Json saved = json("stats", "filter");
  EXPECT_EQ(saved.at("index_bytes_from"), "saved") << "a clean stop left it";
  EXPECT_EQ(saved.at("index_bytes"), std::filesystem::file_size(at("filter/slot-0/index")));
  for (const std::string of : {"used", "file", "index"}) {
    const double bytes = saved.at(of + "_bytes").get<double>();
    EXPECT_NEAR(saved.at(of + "_bytes_per_key").get<double>(), bytes / 1'000, 0.01) << of;
  }
  std::filesystem::remove(at("filter/slot-0/index"));
  EXPECT_EQ(json("stats", "filter").at("index_bytes_from"), "bound");
  const std::string text = store("stats", "filter").out;
  EXPECT_NE(text.find("disk per key"), std::string::npos) << text;
  EXPECT_NE(text.find("at most 9,010,"), std::string::npos) << text;
}

TEST_F(Stores, WithoutAKeyTellNoFigurePerKey) {
  ASSERT_EQ(filter("").status, 0);
  EXPECT_TRUE(json("stats", "filter").at("used_bytes_per_key").is_null());
  const Finished shown = store("stats", "filter");
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(shown.out.find("per key"), std::string::npos) << shown.out;
}

TEST_F(Stores, WhatMakesNoSenseIsRefusedWithWhatTheStoreIsAndWhatDoes) {
  make_all();
  const std::string digest(32, '0');
  for (const std::string command : {"lookup", "forget"}) {
    expect_refused(store(command, "filter", {"--key", "a"}), {"of 'firstseen filter'", "--line"});
    expect_refused(store(command, "filter", {"--message", "-"}), {"of 'firstseen filter'", "--line"});
    expect_refused(store(command, "exec", {"--digest", digest}), {"of 'firstseen exec'", "--key"});
    expect_refused(store(command, "exec", {"--line", "{}"}), {"of 'firstseen exec'", "--key"});
    expect_refused(store(command, "ledger", {"--digest", digest}), {"of 'firstseen ingest'", "--key PATH"});
    expect_refused(store(command, "ledger", {"--message", "-"}), {"of 'firstseen ingest'", "--key PATH"});
    expect_refused(store(command, "ledger", {"--line", "{}"}),
                   {"--key PATH", "with --line in --store " + at("ledger/keys")});
    expect_refused(store(command, "ledger/keys", {"--key", "a"}),
                   {"of 'firstseen ingest --key'", "--line", "--digest"});
  }
  expect_refused(store("verify", "exec"), {"of 'firstseen exec'", "store list"});
  expect_refused(store("verify", "ledger"), {"of 'firstseen ingest'", "store list"});
  EXPECT_EQ(store("verify", "filter").status, 0);
  EXPECT_EQ(store("verify", "ledger/keys").status, 0);
}

/// The bytes of every file below; LMDB's readers write into their table.
std::map<std::string, std::string> contents_below(const std::string& directory) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file() || entry.path().filename() == "lock.mdb") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    all[entry.path()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return all;
}

TEST_F(Stores, EachCommandRefusesTheStoresOfTheOthersAndChangesNothing) {
  make_all();
  write("new.jsonl", "{\"id\":2}\n");
  const auto before = contents_below(at(""));
  for (const std::string name : {"filter", "exec", "ledger", "ledger/keys"}) {
    const std::map<std::string, Words> commands{
        {"filter", {"filter", "--key", "payload:/id", "--store", at(name), at("in/new.jsonl")}},
        {"exec", {"exec", "--store", at(name), "--key", "b", "--", "true"}},
        {"ledger", {"ingest", "--to-file", at("out"), "--ledger", at(name), at("in/new.jsonl")}}};
    for (const auto& [own, words] : commands) {
      if (own == name) continue;
      const Finished refused = run(words);
      EXPECT_EQ(refused.status, 78) << own << " on " << name << ": " << refused.out << refused.err;
      EXPECT_NE(refused.err.find(at(name)), std::string::npos) << refused.err;
    }
  }
  EXPECT_TRUE(contents_below(at("")) == before);
}

/// The commands that look into a store, by its kind.
std::vector<Words> looks_into(const std::string& name) {
  const bool by_digest = name == "filter" || name == "ledger/keys";
  const Words key = by_digest ? Words{"--digest", std::string(32, '0')} : Words{"--key", "a"};
  std::vector<Words> all{{"stats"}, {"list"}, {"lookup", key[0], key[1]}, {"forget", key[0], key[1]}};
  if (by_digest) all.push_back({"verify"});
  return all;
}

TEST_F(Stores, WhoseFileIsCutShortAreToldToBeDamagedByEachCommand) {
  make_all();
  write("new.jsonl", "{\"id\":2}\n");
  const std::map<std::string, std::string> environments{{"filter", "filter/slot-0"},
                                                        {"exec", "exec"},
                                                        {"ledger", "ledger/ledger"},
                                                        {"ledger/keys", "ledger/keys/slot-0"}};
  const auto expect_cut = [&](const Finished& finished, const std::string& environment) {
    EXPECT_EQ(finished.status, 65) << finished.out << finished.err;
    EXPECT_NE(finished.err.find(at(environment)), std::string::npos) << finished.err;
    EXPECT_NE(finished.err.find("cut short"), std::string::npos) << finished.err;
  };
  for (const auto& [name, environment] : environments) {
    std::filesystem::resize_file(at(environment) + "/data.mdb", 8192);
    for (const Words& command : looks_into(name)) {
      SCOPED_TRACE(name + ": " + command.front());
      expect_cut(store(command.front(), name, {command.begin() + 1, command.end()}), environment);
    }
  }
  expect_cut(filter("{\"id\":3}\n"), environments.at("filter"));
  expect_cut(run({"exec", "--store", at("exec"), "--key", "b", "--", "true"}), environments.at("exec"));
  expect_cut(ingest(), environments.at("ledger"));
}

TEST_F(Stores, ThatMayNotBeLookedIntoAreTakenForNothingElse) {
  make_all();
  for (const std::string name : {"filter", "exec", "ledger", "ledger/keys"}) {
    const Closed guard(at(name));
    if (!guard.keeps_out()) GTEST_SKIP() << Closed::why_skipped;
    for (const Words& command : looks_into(name)) {
      SCOPED_TRACE(name + ": " + command.front());
      Words words{"store", command.front(), "--store", at(name)};
      words.insert(words.end(), command.begin() + 1, command.end());
      const Finished refused = run_unprivileged(words);
      EXPECT_EQ(refused.status, 74) << refused.out << refused.err;
      EXPECT_NE(refused.err.find("cannot look into " + at(name) + ": Permission denied"), std::string::npos)
          << refused.err;
    }
  }
}

TEST_F(Stores, ADirectoryThatIsNoneIsLeftAlone) {
  std::filesystem::create_directories(at("letters"));
  std::ofstream(at("letters/hello.txt")) << "hello";
  std::filesystem::create_directories(at("database"));
  std::ofstream(at("database/data.mdb")) << std::string(10'000, 'x');
  for (const std::string name : {"letters", "database", "absent"}) {
    for (const Words& more : std::vector<Words>{{"stats"},
                                                {"list"},
                                                {"verify"},
                                                {"lookup", "--key", "a"},
                                                {"forget", "--key", "a"},
                                                {"forget", "--line", "a"}}) {
      const Finished finished = store(more.front(), name, {more.begin() + 1, more.end()});
      EXPECT_EQ(finished.status, 78) << more.front() << " " << name << finished.out;
      EXPECT_NE(finished.err.find("holds no store of firstseen"), std::string::npos) << finished.err;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(at("absent")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(at("letters")), {}), 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(at("database")), {}), 1);
}

TEST_F(Stores, OfFilterKnowsKeysByTheirLines) {
  ASSERT_EQ(filter("{\"id\":1,\"v\":\"a\"}\n{\"id\":2}\n").status, 0);
  const Json found = json("lookup", "filter", {"--line", R"({"v":"another", "id":1.0})"});
  ASSERT_EQ(found.at("entries").size(), 1U) << found;
  EXPECT_EQ(found.at("entries")[0].at("number"), 0);
  EXPECT_FALSE(found.at("entries")[0].contains("payload"));
  EXPECT_EQ(json("lookup", "filter", {"--digest", found.at("digest")}), found);
  EXPECT_TRUE(json("lookup", "filter", {"--line", "{\"id\":3}"}).at("entries").empty());
  EXPECT_NE(store("lookup", "filter", {"--line", "{\"id\":3}"}).out.find("has not been seen"), std::string::npos);
  EXPECT_EQ(json("list", "filter").size(), 2U);
  EXPECT_EQ(json("list", "filter", {"--prefix", found.at("digest")}).size(), 1U);
  EXPECT_NE(store("list", "filter").out.find("(not kept)"), std::string::npos);
  const Finished keyless = store("lookup", "filter", {"--line", "{\"other\":1}"});
  EXPECT_EQ(keyless.status, 65);
  EXPECT_NE(keyless.err.find("missing_member"), std::string::npos) << keyless.err;
}

TEST_F(Stores, OfFilterForgetsAKeyWhoseNextLineIsWrittenAgain) {
  ASSERT_EQ(filter("{\"id\":1}\n{\"id\":2}\n").status, 0);
  ASSERT_EQ(store("forget", "filter", {"--line", "{\"id\":1}"}).status, 0);
  EXPECT_EQ(filter("{\"id\":1}\n{\"id\":2}\n").out, "{\"id\":1}\n");
  EXPECT_EQ(json("lookup", "filter", {"--line", "{\"id\":1}"}).at("entries").size(), 3U) << "seen, forgotten, seen";
}

TEST_F(Stores, OfARunningFilterIsReadAndNotChanged) {
  ASSERT_EQ(::mkfifo(at("pipe").c_str(), 0600), 0);  // nobody ever writes into it
  Program running({"filter", "--key", "payload:/id", "--store", at("filter"), "--max-size", "64MiB", at("pipe")});
  ASSERT_TRUE(eventually(
      [&] { return std::filesystem::exists(at("filter/slot-0/data.mdb")) && store("stats", "filter").status == 0; }));
  EXPECT_EQ(store("list", "filter").status, 0);
  EXPECT_EQ(store("forget", "filter", {"--digest", std::string(32, '0')}).status, 75);
  running.signal(SIGKILL);
}

TEST_F(Stores, OfFilterKeepsTheLinesThatWereWritten) {
  const Words keep{"--keep-payload"};
  ASSERT_EQ(filter("{\"id\":1,\"v\":\"a\"}\n{\"id\":1,\"v\":\"b\"}\n{\"id\":2}\n", keep).status, 0);
  ASSERT_EQ(filter("{\"id\":3}\n").status, 0) << "a run may keep none";
  const Json list = json("list", "filter");
  ASSERT_EQ(list.size(), 3U) << list;
  EXPECT_EQ(list[0].at("payload"), "{\"id\":1,\"v\":\"a\"}");
  EXPECT_EQ(list[1].at("payload"), "{\"id\":2}");
  EXPECT_FALSE(list[2].contains("payload"));
  EXPECT_EQ(json("stats", "filter").at("kept_payloads"), 2);
  EXPECT_EQ(json("lookup", "filter", {"--line", "{\"id\":1}"}).at("entries")[0].at("payload"),
            "{\"id\":1,\"v\":\"a\"}");
  EXPECT_NE(store("lookup", "filter", {"--line", "{\"id\":1}"}).out.find("{\"id\":1,\"v\":\"a\"}"), std::string::npos);
  ASSERT_EQ(filter("{\"id\":1}\n", {"--keep-payload", "--ttl", "0ms"}).status, 0);
  EXPECT_EQ(json("stats", "filter").at("kept_payloads"), 1) << "they go with their keys";
  const Finished memory = run({"filter", "--keep-payload"}, {}, "a\n");
  EXPECT_EQ(memory.status, 64);
  EXPECT_NE(memory.err.find("--store"), std::string::npos) << memory.err;
}

TEST_F(Stores, AKillLeavesNoKeyWithoutItsLineNorWithAnothers) {
  std::string input;
  for (int i = 0; i < 100'000; ++i) input += "{\"id\":" + std::to_string(i) + "}\n";
  Words words{"filter", "--key", "payload:/id", "--store", at("filter"), "--max-size", "64MiB", "--keep-payload"};
  for (int round = 0; round < 3; ++round) {
    Program program(words, {}, input);
    ASSERT_TRUE(eventually([&] { return !program.output().empty() || !program.running(); }));
    program.signal(SIGKILL);
    program.wait();
    const Json list = json("list", "filter");
    for (const Json& entry : list) {
      const std::string line = "{\"id\":" + std::to_string(entry.at("number").get<int>()) + "}";
      ASSERT_EQ(entry.value("payload", "none"), line) << round;
    }
  }
  ASSERT_EQ(run(words, {}, input).status, 0);
  EXPECT_EQ(json("stats", "filter").at("kept_payloads"), 100'000);
}

TEST_F(Stores, PayloadsThatDoNotFitEndTheRunAndItsKeysAreNotStored) {
  const std::string big = "{\"id\":1,\"v\":\"" + std::string(20U << 20U, 'x') + "\"}\n";
  const Finished full = run(
      {"filter", "--key", "payload:/id", "--store", at("filter"), "--max-size", "16MiB", "--keep-payload"}, {}, big);
  EXPECT_EQ(full.status, 74) << full.err;
  EXPECT_NE(full.err.find("raise --max-size"), std::string::npos) << full.err;
  EXPECT_EQ(json("stats", "filter").at("live_entries"), 0);
}

TEST_F(Stores, ALedgerKnowsFilesByTheirPaths) {
  write("a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
  write("b.jsonl", "{\"id\":1}\n{\"id\":2}\n");
  write("broken.jsonl", "{\n");
  ASSERT_EQ(ingest().status, 65);
  const Json stats = json("stats", "ledger");
  EXPECT_EQ(stats.at("files"), 3);
  EXPECT_EQ(stats.at("success"), 2);
  EXPECT_EQ(stats.at("failed"), 1);
  EXPECT_EQ(stats.at("aliases"), 1);
  EXPECT_EQ(stats.at("records"), 2);
  EXPECT_EQ(stats.at("target"), "file " + at("out"));
  EXPECT_EQ(json("list", "ledger").size(), 3U);
  EXPECT_EQ(json("list", "ledger", {"--prefix", at("in/b")}).size(), 2U);
  EXPECT_EQ(json("lookup", "ledger", {"--key", at("in/../in/a.jsonl")}).at("records"), 2);
  EXPECT_EQ(json("lookup", "ledger", {"--key", at("in/b.jsonl")}).at("alias_of"), at("in/a.jsonl"));
  EXPECT_NE(store("lookup", "ledger", {"--key", at("in/broken.jsonl")}).out.find("this line is not JSON"),
            std::string::npos);
  EXPECT_TRUE(json("lookup", "ledger", {"--key", at("in/none")}).is_null());
}

TEST_F(Stores, ALedgerForgetsAFileWhichIsThenIngestedAgain) {
  write("a.jsonl", "{\"id\":1}\n");
  write("b.jsonl", "{\"id\":2}\n");
  ASSERT_EQ(ingest().status, 0);
  ASSERT_EQ(store("forget", "ledger", {"--key", at("in/a.jsonl")}).status, 0);
  EXPECT_NE(store("forget", "ledger", {"--key", at("in/c.jsonl")}).out.find("no record"), std::string::npos);
  ASSERT_EQ(ingest().status, 0);
  std::ifstream out(at("out"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(out), {}), "{\"id\":1}\n{\"id\":2}\n{\"id\":1}\n");
}

TEST_F(Stores, TheKeysOfALedgerAreListedAndKnownByARecord) {
  write("a.csv", "id,v\n7,x\n8,y\n");
  ASSERT_EQ(ingest({"--key", "payload:/id"}).status, 0);
  const Json found = json("lookup", "ledger/keys", {"--line", R"({"id":"7","v":"another"})"});
  ASSERT_EQ(found.at("entries").size(), 1U) << found;
  EXPECT_TRUE(json("lookup", "ledger/keys", {"--line", R"({"id":7})"}).at("entries").empty()) << "CSV has texts";
  EXPECT_EQ(json("list", "ledger/keys").size(), 2U);
  EXPECT_EQ(json("list", "ledger/keys", {"--prefix", found.at("digest")}).size(), 1U);
  ASSERT_EQ(store("forget", "ledger/keys", {"--line", R"({"id":"7"})"}).status, 0);
  write("b.csv", "id,v\n7,again\n8,again\n");
  ASSERT_EQ(ingest({"--key", "payload:/id"}).status, 0);
  std::ifstream out(at("out"));
  const std::string taken{std::istreambuf_iterator<char>(out), {}};
  EXPECT_TRUE(taken.ends_with("\"y\"}\n{\"id\":\"7\",\"v\":\"again\"}\n")) << taken;
}

TEST_F(Stores, ForgettingIsToldToMachines) {
  make_all();
  for (const auto& [name, key] : std::vector<std::pair<std::string, Words>>{{"filter", {"--line", "{\"id\":1}"}},
                                                                            {"exec", {"--key", "a"}},
                                                                            {"ledger/keys", {"--line", "{\"id\":1}"}},
                                                                            {"ledger", {"--key", at("in/a.jsonl")}}}) {
    const Json done = json("forget", name, key);
    EXPECT_EQ(done.at("forgotten"), true) << name;
    EXPECT_EQ(done.at("detail").get<std::string>().find("forgotten: the"), 0U) << done;
  }
  EXPECT_EQ(json("forget", "exec", {"--key", "a"}).at("forgotten"), false);
  EXPECT_EQ(json("forget", "ledger", {"--key", at("in/a.jsonl")}).at("forgotten"), false);
}

TEST_F(Stores, TheKeysOfALedgerForgetARecordThatIsThenTaken) {
  write("a.jsonl", "{\"id\":1}\n{\"id\":2}\n");
  ASSERT_EQ(ingest({"--key", "payload:/id"}).status, 0);
  ASSERT_EQ(filter("{\"id\":1}\n").status, 0);
  const Json digest = json("list", "filter")[0].at("digest");
  ASSERT_EQ(json("lookup", "ledger/keys", {"--digest", digest}).at("entries").size(), 1U);
  ASSERT_EQ(store("forget", "ledger/keys", {"--digest", digest}).status, 0);
  write("b.jsonl", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");
  ASSERT_EQ(ingest({"--key", "payload:/id"}).status, 0);
  std::ifstream out(at("out"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(out), {}), "{\"id\":1}\n{\"id\":2}\n{\"id\":1}\n{\"id\":3}\n");
}

}  // namespace
}  // namespace firstseen::test
