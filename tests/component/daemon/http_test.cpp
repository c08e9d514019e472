#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "component/daemon/daemon.h"
#include "component/daemon/log_address.h"
#include "component/http/client.h"
#include "support/metrics_text.h"

// The program's HTTP pages, on ports that the kernel chooses and the log names.

namespace firstseen::test {
namespace {

using http::test::Reply;

class HttpPages : public Daemon {
 protected:
  void SetUp() override {
    Daemon::SetUp();
    configure("{listen: \"127.0.0.1:0\"}");
  }

  void configure(const std::string& http, const std::string& more = "") const {
    scene_->configure(more, "payload:/order/id", http);
  }

  static std::string address(const Program& daemon, const std::string& pages = "metrics, status and probes") {
    return log_address(daemon, pages + " at http://");
  }

  static ::testing::AssertionResult answers(const std::string& address, const std::string& path, int status) {
    Reply last;
    const bool reached = eventually([&] {
      last = http::test::get(address, path);
      return last.status == status;
    });
    return reached ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << last.head << last.body;
  }
};

TEST_F(HttpPages, ProbesTellAStartThatWaitsForABrokerFromReadiness) {
  ASSERT_TRUE(cluster_->set_down(true));
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_NE(at, "") << daemon.log();
  ASSERT_TRUE(answers(at, "/startupz", 200)) << "the store is open";
  EXPECT_EQ(http::test::get(at, "/livez").status, 200);
  const Reply waiting = http::test::get(at, "/readyz");
  EXPECT_EQ(waiting.status, 503);
  EXPECT_NE(waiting.body.find("[+] store ok"), std::string::npos) << waiting.body;
  EXPECT_NE(waiting.body.find("[-] broker failed"), std::string::npos) << waiting.body;
  ASSERT_TRUE(cluster_->set_down(false));
  EXPECT_TRUE(answers(at, "/readyz", 200)) << daemon.log();
  ASSERT_TRUE(cluster_->set_down(true));
  EXPECT_TRUE(eventually([&] {
    const Reply missed = http::test::get(at, "/readyz");
    return missed.status == 503 && missed.body.find("[-] broker failed") != std::string::npos;
  })) << "nothing is consumed, and the broker is missed all the same";
  EXPECT_EQ(http::test::get(at, "/livez").status, 200);
}

TEST_F(HttpPages, StatusJsonSaysWhatTheStatusCommandSays) {
  write("in", orders(20, 2));
  Program daemon(command("run"));
  ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
  const std::string at = address(daemon);
  Json page;
  ASSERT_TRUE(eventually([&] {
    page = Json::parse(http::test::get(at, "/status.json").body, nullptr, false);
    return page.is_object() && page["counters"]["consumed"] == 40;
  })) << page.dump();
  const Json said = status();
  for (const char* member : {"state", "counters", "configured_window_ms", "version", "configuration", "verdict",
                             "alive", "ready", "checks", "phase", "started_at_ms"})
    EXPECT_EQ(page[member], said[member]) << member;
  EXPECT_EQ(page["partitions"].size(), said["partitions"].size());
}

TEST_F(HttpPages, VerdictsAddUpToWhatIsConsumedAtEveryScrapeWhileMessagesFlow) {
  configure("{listen: \"127.0.0.1:0\"}", "rejects: {route: drop}\n");
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_TRUE(answers(at, "/readyz", 200)) << daemon.log();
  Record broken = order(0, 0);
  broken.value = "not JSON";
  int sent = 0;
  for (int turn = 1; turn <= 4; ++turn) {
    std::vector<Record> records = orders(100 * turn, 2);  // the first of them are known from the turn before
    records.push_back(broken);
    write("in", records);
    sent += static_cast<int>(records.size());
    ASSERT_TRUE(eventually([&] {
      const Samples samples = read_metrics(http::test::get(at, "/metrics").body);
      const double consumed = samples.at("firstseen_messages_consumed_total");
      EXPECT_EQ(sum_of(samples, "firstseen_messages_total"), consumed);
      EXPECT_EQ(samples.at("firstseen_latency_seconds_count"), consumed);
      const double batches = samples.at("firstseen_batches_total{outcome=\"committed\"}");
      EXPECT_EQ(sum_of(samples, "firstseen_step_duration_seconds_count"), 6 * batches);
      return consumed == sent;
    })) << daemon.log();
  }
  Samples samples;
  EXPECT_TRUE(eventually([&] {
    samples = read_metrics(http::test::get(at, "/metrics").body);
    return sum_of(samples, "firstseen_partition_lag_messages") == 0;
  }));
  EXPECT_EQ(samples.at("firstseen_messages_total{verdict=\"first_seen\"}"), 400);
  EXPECT_EQ(samples.at("firstseen_messages_rejected_total{reason=\"malformed_json\"}"), 4);
  EXPECT_EQ(samples.at("firstseen_store_entries"), 400);
  EXPECT_EQ(samples.at("firstseen_partitions{mode=\"running\"}"), 2);
  EXPECT_GE(samples.at("firstseen_batches_total{outcome=\"committed\"}"), 4);
}

TEST_F(HttpPages, ALagIsShownAndGrowsWhereMessagesWaitBehindAStoppedPartition) {
  Record broken = order(0, 1);
  broken.value = "not JSON";
  std::vector<Record> records{order(0, 0), broken};
  for (int id = 2; id < 10; ++id) records.push_back(order(0, id));
  write("in", records);
  Program daemon(command("run"));
  const std::string at = address(daemon);
  Samples samples;
  EXPECT_TRUE(eventually([&] {
    samples = read_metrics(http::test::get(at, "/metrics").body);
    return samples["firstseen_partition_lag_messages{topic=\"in\",partition=\"0\"}"] == 9;
  })) << http::test::get(at, "/metrics").body;
  EXPECT_EQ(samples.at("firstseen_partitions{mode=\"stopped\"}"), 1);
  EXPECT_EQ(samples.at("firstseen_partition_next_offset{topic=\"in\",partition=\"0\"}"), 1);

  std::vector<Record> more;
  for (int id = 10; id < 30; ++id) more.push_back(order(0, id));
  write("in", more);
  EXPECT_TRUE(eventually([&] {
    samples = read_metrics(http::test::get(at, "/metrics").body);
    return samples["firstseen_partition_lag_messages{topic=\"in\",partition=\"0\"}"] == 29;
  })) << "it goes on though nothing is fetched\n"
      << http::test::get(at, "/metrics").body;
  EXPECT_NE(
      http::test::get(at, "/status").body.find("1 of 2 partitions waits for a person: in[0] offset 1 is rejected"),
      std::string::npos);
}

TEST_F(HttpPages, AStoreThatLacksHistoryOfItsWindowIsNotCalledHealthy) {
  write("in", orders(20, 1));
  commit("scene", {{{"in", 0}, 5}, {{"in", 1}, 5}});
  std::ifstream file(scene_->config());
  std::string options{std::istreambuf_iterator<char>(file), {}};
  const std::string group = "group: scene";
  options.replace(options.find(group), group.size(), group + ", on_missing_history: warn");
  std::ofstream(scene_->config()) << options;
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_TRUE(counts("consumed", 10)) << daemon.log();
  std::string page;
  EXPECT_TRUE(eventually([&] {
    page = http::test::get(at, "/status").body;
    return page.find("<p class=\"verdict busy\">shortened</p>") != std::string::npos;
  })) << page;
  EXPECT_NE(page.find(": it knows the keys of in["), std::string::npos) << page;
}

TEST_F(HttpPages, TellTheWindowsOfRulesApart) {
  scene_->configure_key(
      R"({rules: [{name: calls, when: {part: "header:kind", equals: call}, fields: [record_key], ttl: 5m},)"
      R"( {name: orders, fields: ["payload:/order/id"], ttl: 24h}]})",
      "{listen: \"127.0.0.1:0\"}");
  std::vector<Record> records = orders(20, 2);
  records[0].headers = {{"kind", "call"}};
  write("in", records);
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_TRUE(counts("consumed", 40)) << daemon.log();
  Samples samples;
  EXPECT_TRUE(eventually([&] {
    samples = read_metrics(http::test::get(at, "/metrics").body);
    return samples[R"(firstseen_rules_window_entries{window="1d",log="1"})"] == 20;
  })) << http::test::get(at, "/metrics").body;
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_entries{window="5m",log="0"})"), 1);
  EXPECT_EQ(samples.at(R"(firstseen_rules_window_seconds{window="5m",log="0",kind="configured"})"), 300);
  const std::string page = http::test::get(at, "/status").body;
  EXPECT_NE(page.find("<tr><td>5m</td><td>calls</td>"), std::string::npos) << page;
  EXPECT_NE(page.find("<tr><td>1d</td><td>orders</td>"), std::string::npos) << page;
}

TEST_F(HttpPages, TellWhatLibrdkafkaMeasures) {
  write("in", orders(10, 2));
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_TRUE(counts("consumed", 20)) << daemon.log();
  EXPECT_TRUE(eventually([&] {
    const Samples samples = read_metrics(http::test::get(at, "/metrics").body);
    const auto consumer = samples.find("firstseen_kafka_connections{client=\"consumer\"}");
    const auto producer = samples.find("firstseen_kafka_connections{client=\"producer\"}");
    return consumer != samples.end() && consumer->second > 0 && producer != samples.end() && producer->second > 0;
  })) << http::test::get(at, "/metrics").body;
}

TEST_F(HttpPages, MetricsNameTheFormatThatTheyAreIn) {
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_TRUE(answers(at, "/metrics", 200)) << daemon.log();
  const Reply page = http::test::get(at, "/metrics");
  EXPECT_TRUE(page.has_header("Content-Type: text/plain; version=0.0.4; charset=utf-8")) << page.head;
}

TEST_F(HttpPages, AskForTheTokenButForProbes) {
  const std::string file = scene_->config() + ".token";
  std::ofstream(file) << "s3cret\n";
  configure("{listen: \"127.0.0.1:0\", probe_listen: \"127.0.0.1:0\", token_file: " + file + "}");
  Program daemon(command("run"));
  const std::string probes = address(daemon, "probes");
  const std::string facts = address(daemon, "metrics and status");
  ASSERT_NE(probes, facts) << daemon.log();
  EXPECT_EQ(http::test::get(probes, "/livez").status, 200);
  EXPECT_EQ(http::test::get(probes, "/status.json").status, 404);
  EXPECT_EQ(http::test::get(facts, "/livez").status, 404);
  EXPECT_EQ(http::test::get(facts, "/status.json").status, 401);
  EXPECT_EQ(http::test::get(facts, "/status.json", "Authorization: Bearer wrong\r\n").status, 401);
  EXPECT_EQ(http::test::get(facts, "/status.json", "Authorization: Bearer s3cret\r\n").status, 200);
  EXPECT_EQ(http::test::request(facts, "POST", "/status.json", "Content-Length: 0\r\n").status, 405);
  EXPECT_EQ(daemon.log().find("s3cret"), std::string::npos);
}

TEST_F(HttpPages, ProbesWithAListenerOfTheirOwnAreAnsweredWhileClientsTakeAllConnectionsOfTheOther) {
  configure("{listen: \"127.0.0.1:0\", probe_listen: \"127.0.0.1:0\"}");
  Program daemon(command("run"));
  const std::string probes = address(daemon, "probes");
  const std::string facts = address(daemon, "metrics and status");
  ASSERT_TRUE(answers(probes, "/readyz", 200)) << daemon.log();
  std::vector<control::Fd> silent;
  ASSERT_TRUE(eventually([&] {
    silent.push_back(http::test::connect_to(facts));
    return http::test::get(facts, "/metrics").status == 0;
  })) << "nobody else is answered any more";
  for (const char* probe : {"/livez", "/readyz", "/startupz"}) {
    EXPECT_EQ(http::test::get(probes, probe).status, 200) << probe;
  }
}

TEST_F(HttpPages, APortInUseEndsTheStartWithAWordAndTouchesNoStore) {
  Program first(command("run"));
  const std::string at = address(first);
  ASSERT_NE(at, "") << first.log();
  const Scene second(cluster_->brokers(), "in", "out");
  for (const std::string option : {"listen", "probe_listen"}) {
    second.configure("", "payload:/order/id", fmt::format("{{listen: \"\", {}: \"{}\"}}", option, at));
    if (option == "listen") second.configure("", "payload:/order/id", fmt::format("{{listen: \"{}\"}}", at));
    const Finished refused = test::run({"run", "-c", second.config()});
    EXPECT_EQ(refused.status, 75) << refused.err;
    EXPECT_NE(refused.err.find(fmt::format("http.{}: {} is in use", option, at)), std::string::npos) << refused.err;
    EXPECT_FALSE(std::filesystem::exists(second.store()));
  }
}

TEST_F(HttpPages, ATokenFileThatIsNotThereEndsTheStartAndIsFoundByValidate) {
  configure("{listen: \"127.0.0.1:0\", token_file: /nonexistent/token}");
  for (const char* name : {"run", "validate"}) {
    const Finished refused = test::run(command(name));
    EXPECT_EQ(refused.status, 78) << name;
    EXPECT_NE(refused.err.find("http.token_file: names a file that cannot be read: "), std::string::npos)
        << refused.err;
    EXPECT_NE(refused.err.find("firstseen.yaml:"), std::string::npos) << refused.err;
  }
  EXPECT_FALSE(std::filesystem::exists(scene_->store()));
}

TEST_F(HttpPages, TheProgramStopsInTimeWhileClientsHoldOn) {
  Program daemon(command("run"));
  const std::string at = address(daemon);
  ASSERT_TRUE(answers(at, "/readyz", 200)) << daemon.log();
  const control::Fd silent = http::test::connect_to(at);
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(std::chrono::seconds(10)).status, 0) << daemon.log();
}

}  // namespace
}  // namespace firstseen::test
