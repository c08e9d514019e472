#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "component/daemon/program.h"
#include "component/daemon/scene.h"
#include "kafka/scram.h"

namespace firstseen::test {
namespace {

using Json = nlohmann::json;

void expect_usage_error(const std::vector<std::string>& arguments, const std::string& what) {
  const Finished finished = run(arguments);
  EXPECT_EQ(finished.status, 64) << what;
  EXPECT_NE(finished.err.find(what), std::string::npos) << finished.err;
  EXPECT_NE(finished.err.find("--help"), std::string::npos) << finished.err;
  EXPECT_EQ(finished.out, "");
}

constexpr std::array<const char*, 24> all_commands{
    "run",        "demo",         "validate",    "exec",         "explain",      "filter",
    "ingest",     "status",       "skip",        "pause",        "resume",       "reload",
    "plan",       "top",          "store",       "store stats",  "store lookup", "store forget",
    "store list", "store verify", "store prime", "store export", "store import", "version"};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

TEST(CommandLine, TellsWhatIsWrongAndWhereTheHelpIs) {
  expect_usage_error({}, "required");
  expect_usage_error({"bogus"}, "no command 'bogus'");
  expect_usage_error({"run"}, "--config");
  expect_usage_error({"validate"}, "FILE is required");
  expect_usage_error({"run", "--confg", "x"}, "--config");
  expect_usage_error({"status"}, "config");
  expect_usage_error({"status", "--config", "a", "--store", "b"}, "config");
  expect_usage_error({"skip", "orders"}, "PARTITION");
  expect_usage_error({"skip", "orders", "x", "3", "--store", "/x"}, "PARTITION");
  for (const char* offset : {"-5", "99999999999999999999", "9223372036854775808", "1x", ""}) {
    expect_usage_error({"skip", "orders", "0", offset, "--store", "/x"}, "OFFSET");
  }
  expect_usage_error({"skip", "orders", "2147483648", "3", "--store", "/x"}, "PARTITION");
  expect_usage_error({"skip", "orders", "-1", "3", "--store", "/x"}, "PARTITION");
  expect_usage_error({"store"}, "required");
  expect_usage_error({"store", "lookup", "--store", "/x"}, "digest");
  expect_usage_error({"exec", "--key", "k", "echo", "hi"}, "The command to run stands behind --.");
  expect_usage_error({"demo", "--duplicates", "2"}, "--duplicates");
  expect_usage_error({"demo", "--messages", "many"}, "--messages");
  expect_usage_error({"demo", "--messages", "0"}, "100000000");
  for (const std::string option : {"--line", "--key", "--digest", "--message"}) {
    expect_usage_error({"store", "lookup", "--store", "/x", option, ""}, option + ": must not be empty");
  }
  for (const std::string option : {"--store", "--config"}) {
    expect_usage_error({"store", "stats", option, ""}, option + ": must not be empty");
  }
}

TEST(CommandLine, EveryCommandHasHelpOnStdout) {
  const std::regex type_of_the_language("\\b(TEXT|INT|UINT|FLOAT|BOOLEAN|ENUM)\\b");
  for (const std::string command : all_commands) {
    const Finished finished = run(words_of(command + " --help"));
    EXPECT_EQ(finished.status, 0) << command;
    EXPECT_NE(finished.out.find("Usage"), std::string::npos) << command << finished.out;
    EXPECT_FALSE(std::regex_search(finished.out, type_of_the_language)) << finished.out;
    EXPECT_EQ(finished.err, "") << command;
  }
}

TEST(CommandLine, HelpThatCannotBeWrittenIsAnError) {
  const std::string program = firstseen_program();
  for (const char* what : {"--help", "--version", "run --help"}) {
    const int status = std::system(("'" + program + "' " + what + " >/dev/full 2>/dev/null").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 74) << what;
  }
}

TEST(CommandLine, AMessageThatCannotBeReadIsNamed) {
  const Scene scene;
  for (const std::string file : {"/tmp", "/proc/self/mem"}) {
    const Finished explained = run({"explain", "--config", scene.config(), file});
    EXPECT_EQ(explained.status, 74) << explained.err;
    EXPECT_NE(explained.err.find("cannot read"), std::string::npos) << explained.err;
    const Finished found = run({"store", "lookup", "--config", scene.config(), "--message", file});
    EXPECT_EQ(found.status, 74) << found.err;
    EXPECT_NE(found.err.find("cannot read " + file), std::string::npos) << found.err;
  }
  const std::string missing = "cannot read /nowhere/m.json: No such file or directory";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"explain", "--config", scene.config(), "/nowhere/m.json"},
        std::vector<std::string>{"store", "lookup", "--config", scene.config(), "--message", "/nowhere/m.json"}}) {
    const Finished finished = run(words);
    EXPECT_EQ(finished.status, 74) << finished.err;
    EXPECT_NE(finished.err.find(missing), std::string::npos) << finished.err;
  }
}

TEST(Plan, SaysWhatAWindowTakesAndWarnsWhereItDoesNotFit) {
  const Finished text = run({"plan", "--rate", "5000", "--ttl", "24h", "--unique-share", "0.98"});
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_NE(text.out.find("store.max_size"), std::string::npos) << text.out;
  const Scene scene;  // with a max_size of 64MiB
  const Json plan = Json::parse(run({"plan", "--rate", "5000", "-c", scene.config(), "--json"}).out);
  EXPECT_EQ(plan["needs"]["max_size_bytes"], 64U << 20U);
  EXPECT_LT(plan["needs"]["covered_share"], 0.1);
  EXPECT_NE(plan["warnings"].dump().find("store.max_size is 64.0 MiB"), std::string::npos) << plan;
  EXPECT_EQ(plan["workload"]["ttl_ms"], 86'400'000);
}

TEST(Plan, AsksForEachRuleByItself) {
  const std::string several_windows = FIRSTSEEN_SOURCE_DIR "/config/examples/several-windows.yaml";
  const std::vector<std::string> rules{"plan", "--rate", "5", "--config", several_windows};
  const Finished refused = run(rules);
  EXPECT_EQ(refused.status, 64);
  EXPECT_NE(refused.err.find("plan each"), std::string::npos) << refused.err;
  std::vector<std::string> one = rules;
  one.insert(one.end(), {"--ttl", "5m"});
  const Finished planned = run(one);
  EXPECT_EQ(planned.status, 0);
  EXPECT_NE(planned.out.find("every start reads the logs"), std::string::npos) << planned.out;
}

TEST(Plan, RefusesWhatIsNoNumberOfMessagesAndNoShare) {
  expect_usage_error({"plan"}, "--rate");
  expect_usage_error({"plan", "--rate", "5", "--partitions", "0"}, "--partitions");
  for (const char* rate : {"0", "-1", "nan", "inf", "1e9", "5k", ""}) {
    const Finished refused = run({"plan", "--rate", rate});
    EXPECT_EQ(refused.status, 64) << rate;
    EXPECT_NE(refused.err.find("--rate"), std::string::npos) << refused.err;
  }
  for (const char* share : {"0", "1.1", "98%"}) {
    EXPECT_EQ(run({"plan", "--rate", "5", "--unique-share", share}).status, 64) << share;
  }
  for (const char* ttl : {"0s", "24", "101y", ""}) {
    EXPECT_EQ(run({"plan", "--rate", "5", "--ttl", ttl}).status, 64) << ttl;
  }
}

TEST(Version, NamesTheLibrariesForPeopleAndMachines) {
  const Finished text = run({"version"});
  EXPECT_EQ(text.status, 0);
  EXPECT_NE(text.out.find("librdkafka"), std::string::npos);
  const Json json = Json::parse(run({"version", "--json"}).out);
  for (const char* name : {"firstseen", "librdkafka", "lmdb", "openssl", "simdjson", "xxhash"}) {
    EXPECT_FALSE(json.value(name, "").empty()) << name;
  }
  EXPECT_EQ(run({"--version"}).out, "firstseen " + json.value("firstseen", "") + "\n");
}

TEST(Configuration, WithErrorsEndsEveryCommandWithAllOfThemAndStatus78) {
  const Scene scene;
  scene.configure("windw: {ttl: 1h}\ndelivery: {commit_interval: 5}\n");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "-c", scene.config()},
                                                  {"status", "-c", scene.config()},
                                                  {"store", "stats", "-c", scene.config()},
                                                  {"store", "prime", "-c", scene.config()}}) {
    const Finished finished = run(command);
    EXPECT_EQ(finished.status, 78) << command[0];
    EXPECT_NE(finished.err.find("windw"), std::string::npos) << finished.err;
    EXPECT_NE(finished.err.find("commit_interval"), std::string::npos) << finished.err;
  }
  EXPECT_FALSE(std::filesystem::exists(scene.store()));
}

TEST(Configuration, ThatIsMissingIsStatus78) {
  EXPECT_EQ(run({"run", "-c", "/nonexistent/firstseen.yaml"}).status, 78);
  for (const char* option : {"-c", "--config"}) {
    const Finished validated = run({"validate", option, "/nonexistent/firstseen.yaml"});
    EXPECT_EQ(validated.status, 78);
    EXPECT_EQ(validated.err, run({"validate", "/nonexistent/firstseen.yaml"}).err);
  }
}

TEST(CrashHook, OfAnUnknownStepIsAUsageError) {
  const Scene scene;
  for (const char* wrong : {"nowhere", "prepared:0", "prepared:x", "prepared:", ""}) {
    const Finished finished = run({"run", "-c", scene.config()}, {{"FIRSTSEEN_CRASH_AT", wrong}});
    EXPECT_EQ(finished.status, 64) << wrong;
    EXPECT_NE(finished.err.find("offsets_sent"), std::string::npos) << "the steps are listed: " << finished.err;
  }
}

TEST(Status, WithoutADaemonIsUnavailable) {
  const Scene scene;
  const Finished finished = run({"status", "-c", scene.config()});
  EXPECT_EQ(finished.status, 69);
  EXPECT_NE(finished.err.find("no daemon answers"), std::string::npos) << finished.err;
  EXPECT_EQ(run({"skip", "orders", "0", "1", "-c", scene.config()}).status, 69);
  EXPECT_EQ(run({"skip", "--store", scene.store(), "--", "-orders", "0", "1"}).status, 69) << "as advice has it";
  EXPECT_EQ(run({"pause", "-c", scene.config()}).status, 69);
  EXPECT_EQ(run({"resume", "-c", scene.config()}).status, 69);
}

TEST(Pause, WaitsForAtLeastAMomentAndAtMostAnHour) {
  for (const char* timeout : {"0s", "soon", "61m", "10"}) {
    const Finished finished = run({"pause", "--store", "/x", "--timeout", timeout});
    EXPECT_EQ(finished.status, 64) << timeout;
    EXPECT_NE(finished.err.find("--timeout"), std::string::npos) << finished.err;
  }
}

TEST(Validate, ShowsNoValueOutOfAFileThatTheKeyRefuses) {
  const Scene scene;
  const std::string secret = scene.config() + ".secret";
  std::ofstream(secret) << "hush";
  for (const std::string& part : {"${file:" + secret + "}", "payload:${file:" + secret + "}"}) {
    scene.configure("", part);
    const Finished finished = run({"validate", scene.config()});
    EXPECT_EQ(finished.status, 78);
    EXPECT_NE(finished.err.find("key.fields[0]"), std::string::npos) << finished.err;
    EXPECT_EQ((finished.out + finished.err).find("hush"), std::string::npos) << finished.err;
  }
}

TEST(Validate, RemarksThatNewerBrokersRefuseScramExactlyWhereLibrdkafkaIsOlder) {
  const Scene scene;
  std::ofstream(scene.config()) << "kafka: {properties: {security.protocol: SASL_SSL, sasl.mechanism: SCRAM-SHA-512, "
                                   "sasl.username: u, sasl.password: hush}}\n"
                                   "input: {topics: [orders], group: g}\noutput: {topic: unique}\n"
                                   "key: {fields: [topic]}\n";
  std::string remark = kafka::refused_scram({{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "SCRAM-SHA-512"}});
  if (!remark.empty()) remark = scene.config() + ": kafka.properties." + remark + "\n";
  const Finished valid = run({"validate", scene.config()});
  EXPECT_EQ(valid.status, 0);
  EXPECT_EQ(valid.err, remark);
  const Json report = Json::parse(run({"validate", "--json", scene.config()}).out);
  EXPECT_EQ(report["valid"], true);
  EXPECT_EQ(report["remarks"].size(), remark.empty() ? 0U : 1U) << report;
}

TEST(Store, OfAnotherKindIsRefusedUnchanged) {
  const Scene scene;
  std::filesystem::create_directories(scene.store() + "/slot-0");
  std::ofstream(scene.store() + "/slot-0/data.mdb") << "these are not the pages you are looking for";
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run", "-c", scene.config()},
                                                  {"store", "stats", "-c", scene.config()},
                                                  {"store", "verify", "-c", scene.config()}}) {
    const Finished finished = run(command);
    EXPECT_NE(finished.status, 0) << command[0];
    EXPECT_NE(finished.status, 70) << finished.err;
    EXPECT_NE(finished.err.find("slot-0"), std::string::npos) << finished.err;
  }
  EXPECT_EQ(std::filesystem::file_size(scene.store() + "/slot-0/data.mdb"), 43U);
}

TEST(Store, OfAnotherKeyConfigurationIsRefusedWithBothNamed) {
  const Scene scene;
  Program first({"run", "-c", scene.config()});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scene.socket()); })) << first.log();
  first.signal(SIGTERM);
  ASSERT_EQ(first.wait().status, 0) << first.log();
  const std::string message = R"({"value": {"order": {"id": 7}}, "headers": [["id", "7"]]})";
  const Finished used = run({"store", "forget", "-c", scene.config(), "--message", "-"}, {}, message);
  ASSERT_EQ(used.status, 0) << used.err;
  scene.configure("", "header:id");
  const std::string data = scene.store() + "/slot-0/data.mdb";
  const auto before = std::filesystem::last_write_time(data);
  for (const std::vector<std::string>& command : {std::vector<std::string>{"run"},
                                                  {"store", "forget", "--message", "-"},
                                                  {"store", "lookup", "--message", "-"}}) {
    std::vector<std::string> words = command;
    words.insert(words.end(), {"-c", scene.config()});
    const Finished refused = run(words, {}, message);
    EXPECT_EQ(refused.status, 78) << refused.out;
    EXPECT_NE(refused.err.find("header:id"), std::string::npos) << refused.err;
    EXPECT_NE(refused.err.find("payload:/order/id"), std::string::npos) << refused.err;
  }
  EXPECT_EQ(std::filesystem::last_write_time(data), before);
}

TEST(Validate, SaysWhenItCouldNotWriteWhatItFound) {
  const Scene scene;
  for (const char* form : {"", "--effective", "--json"}) {
    const std::string command = firstseen_program() + " validate " + form + " " + scene.config() + " >/dev/full 2>&1";
    const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe): one thread
    EXPECT_EQ(WEXITSTATUS(status), 74) << form;
  }
}

TEST(Store, ThatNeverHeldABatchTakesACorrectedConfiguration) {
  const Scene scene;
  for (const char* key : {"header:id", "payload:/order/id"}) {
    scene.configure("", key);
    Program daemon({"run", "-c", scene.config()});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scene.socket()); })) << daemon.log();
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait().status, 0) << daemon.log();
  }
}

TEST(Store, ForgetLookupStatsAndVerifyNeedNoDaemon) {
  const Scene scene;
  {
    Program daemon({"run", "-c", scene.config()});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scene.socket()); })) << daemon.log();
    daemon.signal(SIGTERM);
    ASSERT_EQ(daemon.wait().status, 0);
  }
  const std::string message = R"({"value": {"order": {"id": 7}}})";
  const std::vector<std::string> by_message{"-c", scene.config(), "--message", "-"};
  const auto store_command = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"store", name});
    return run(more, {}, message);
  };
  Finished found = store_command("lookup", {"-c", scene.config(), "--message", "-", "--json"});
  ASSERT_EQ(found.status, 0) << found.err;
  EXPECT_TRUE(Json::parse(found.out)["entries"].empty());
  ASSERT_EQ(store_command("forget", by_message).status, 0);
  found = store_command("lookup", {"-c", scene.config(), "--message", "-", "--json"});
  const Json entries = Json::parse(found.out)["entries"];
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0]["kind"], "forgotten");
  const std::string digest = Json::parse(found.out)["digest"];
  EXPECT_EQ(store_command("lookup", {"--store", scene.store(), "--digest", digest}).status, 0);
  const Json stats = Json::parse(store_command("stats", {"--store", scene.store(), "--json"}).out);
  EXPECT_EQ(Json::parse(store_command("stats", {"--store", scene.store() + "/slot-0", "--json"}).out), stats)
      << "the slot's own directory means the same store";
  EXPECT_EQ(stats["live_entries"], 1);
  EXPECT_EQ(stats["pins"]["group"], "scene");
  EXPECT_TRUE(Json::parse(store_command("verify", {"--store", scene.store(), "--json"}).out)["sound"]);
}

TEST(CommandLine, AMessageWithoutATopicIsRefusedUnlessOneTopicIsNamed) {
  for (const char* topics : {"\"^orders[.](eu|us)$\"", "orders.eu, orders.us"}) {
    SCOPED_TRACE(topics);
    const Scene scene("127.0.0.1:1", topics);
    for (const std::vector<std::string>& words : {std::vector<std::string>{"explain", "-c", scene.config()},
                                                  {"store", "lookup", "-c", scene.config(), "--message", "-"},
                                                  {"store", "forget", "-c", scene.config(), "--message", "-"}}) {
      const Finished refused = run(words, {}, R"({"value": {"order": {"id": 7}}})");
      EXPECT_EQ(refused.status, 65) << refused.err;
      EXPECT_NE(refused.err.find("the message names no topic"), std::string::npos) << refused.err;
    }
    const Finished named =
        run({"explain", "-c", scene.config()}, {}, R"({"topic": "orders.eu", "value": {"order": {"id": 7}}})");
    EXPECT_EQ(named.status, 0) << named.err;
    EXPECT_NE(named.out.find("\"orders.eu\""), std::string::npos) << named.out;
  }
}

TEST(Store, LookupRefusesWhatIsNoKey) {
  const Scene scene;
  EXPECT_EQ(run({"store", "lookup", "--store", scene.store(), "--digest", "xyz"}).status, 64);
  EXPECT_EQ(run({"store", "lookup", "--store", scene.store(), "--message", "-"}).status, 64);
  const Finished rejected =
      run({"store", "lookup", "-c", scene.config(), "--message", "-"}, {}, R"({"value": {"other": 1}})");
  EXPECT_EQ(rejected.status, 65);
  EXPECT_NE(rejected.err.find("missing"), std::string::npos) << rejected.err;
}

}  // namespace
}  // namespace firstseen::test
