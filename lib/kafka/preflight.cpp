#include "kafka/preflight.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "kafka/broker_version.h"
#include "kafka/errors.h"
#include "kafka/failure.h"
#include "kafka/handles.h"
#include "kafka/scram.h"
#include "kafka/settings.h"
#include "kafka/topic_rules.h"

namespace firstseen::kafka {

namespace {

constexpr int wait_ms = 1000;
constexpr std::chrono::seconds describe_limit{3};

using ConfigResourceHandle = Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy>;

/// A client that only asks.
class Inquiry final : public Callbacks {
 public:
  explicit Inquiry(LogSink log) : Callbacks("preflight", std::move(log)) {}

  Result<void> open(ClientOptions options);

  Result<ClusterTopics> topics(const KeepWaiting& keep_waiting);
  /// Of the brokers that have answered.
  [[nodiscard]] const BrokerVersion& version() const { return version_; }
  Result<std::string> cluster_id(const KeepWaiting& keep_waiting);
  /// Fills in the settings of these topics; returns why some could not be asked.
  std::vector<std::string> describe(const std::set<std::string>& names, ClusterTopics& topics,
                                    const KeepWaiting& keep_waiting);

  void on_log(int level, const std::string& facility, const std::string& line) override;

 private:
  EventHandle ask_settings(const std::vector<ConfigResourceHandle>& resources, const KeepWaiting& keep_waiting);

  BrokerVersion version_;
  bool debug_wanted_ = false;
  ClientHandle client_;
};

Result<void> Inquiry::open(ClientOptions options) {
  std::string& debug = options.properties["debug"];
  debug_wanted_ = !debug.empty();
  debug += debug_wanted_ ? ",feature" : "feature";
  auto client = make_admin_handle(options, *this);
  if (!client) return forward(client.error());
  client_ = std::move(*client);
  return {};
}

void Inquiry::on_log(int level, const std::string& facility, const std::string& line) {
  constexpr int debug_level = 7;
  if (facility == "APIVERSION") version_.note(line);
  if (level < debug_level || debug_wanted_) Callbacks::on_log(level, facility, line);
}

Result<ClusterTopics> Inquiry::topics(const KeepWaiting& keep_waiting) {
  while (true) {
    const rd_kafka_metadata_t* raw = nullptr;
    const auto code = rd_kafka_metadata(client_.get(), 1, nullptr, &raw, wait_ms);
    const MetadataHandle metadata(raw);
    rd_kafka_poll(client_.get(), 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ClusterTopics topics;
      for (int i = 0; i < metadata->topic_cnt; ++i) {
        const auto& topic = metadata->topics[i];
        if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR) topics[topic.topic].partitions = topic.partition_cnt;
      }
      return topics;
    }
    const std::string reason = last_error().empty() ? rd_kafka_err2str(code) : last_error();
    if (!keep_waiting()) return fail(Exit::unavailable, fmt::format("no broker of kafka.brokers answers: {}", reason));
    report(LogLevel::warning, "waiting", fmt::format("waiting for a broker of kafka.brokers: {}", reason));
  }
}

/// A broker tells it with its metadata; one that does not, does not know it yet.
Result<std::string> Inquiry::cluster_id(const KeepWaiting& keep_waiting) {
  while (true) {
    const MemoryHandle<char> id(rd_kafka_clusterid(client_.get(), wait_ms));
    if (id) return std::string(id.get());
    if (!keep_waiting()) return fail(Exit::unavailable, "the broker does not tell the id of its cluster");
    report(LogLevel::warning, "waiting", "waiting for a broker that tells the id of its cluster");
    rd_kafka_poll(client_.get(), wait_ms);
    if (auto asked = topics(keep_waiting); !asked) return forward(asked.error());
  }
}

EventHandle Inquiry::ask_settings(const std::vector<ConfigResourceHandle>& resources, const KeepWaiting& keep_waiting) {
  const QueueHandle queue(rd_kafka_queue_new(client_.get()));
  std::vector<rd_kafka_ConfigResource_t*> raw;
  raw.reserve(resources.size());
  for (const auto& resource : resources) raw.push_back(resource.get());
  rd_kafka_DescribeConfigs(client_.get(), raw.data(), raw.size(), nullptr, queue.get());
  const auto deadline = std::chrono::steady_clock::now() + describe_limit;
  EventHandle event;
  do {
    event.reset(rd_kafka_queue_poll(queue.get(), wait_ms));
  } while (!event && std::chrono::steady_clock::now() < deadline && keep_waiting());
  return event;
}

std::vector<std::string> Inquiry::describe(const std::set<std::string>& names, ClusterTopics& topics,
                                           const KeepWaiting& keep_waiting) {
  const auto unchecked = [](const std::string& what, const std::string& reason) {
    return fmt::format("the settings of {} could not be checked: {}", what, reason);
  };
  std::vector<ConfigResourceHandle> resources;
  resources.reserve(names.size());
  for (const std::string& name : names) {
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
  }
  if (resources.empty()) return {};
  const EventHandle event = ask_settings(resources, keep_waiting);
  if (!event) return {unchecked("the topics", "no answer in time")};
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return {unchecked("the topics", rd_kafka_event_error_string(event.get()))};
  }
  std::vector<std::string> warnings;
  std::size_t count = 0;
  const auto* answers =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = rd_kafka_ConfigResource_name(answers[i]);
    if (const auto code = rd_kafka_ConfigResource_error(answers[i]); code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const bool denied = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
      warnings.push_back(unchecked("topic " + name,
                                   denied ? "this user lacks the permission DescribeConfigs" : rd_kafka_err2str(code)));
      continue;
    }
    std::size_t entries = 0;
    const auto* settings = rd_kafka_ConfigResource_configs(answers[i], &entries);
    for (std::size_t j = 0; j < entries; ++j) {
      const char* value = rd_kafka_ConfigEntry_value(settings[j]);
      if (value != nullptr) topics[name].settings[rd_kafka_ConfigEntry_name(settings[j])] = value;
    }
  }
  return warnings;
}

/// The existing topics whose settings matter.
std::set<std::string> topics_to_describe(const PreflightRequest& request, const std::vector<std::string>& inputs,
                                         const ClusterTopics& topics) {
  std::set<std::string> names(inputs.begin(), inputs.end());
  std::vector<std::string> destinations = request.side_topics;
  destinations.push_back(request.output);
  for (const std::string& input : inputs) {
    for (const std::string& pattern : destinations) {
      if (const std::string name = destination_for(pattern, input); topics.contains(name)) names.insert(name);
    }
  }
  return names;
}

}  // namespace

Result<PreflightReport> preflight(const PreflightRequest& request, const KeepWaiting& keep_waiting, LogSink log) {
  if (const std::string why = refused_scram(request.client.properties); !why.empty() && log) {
    log(LogLevel::warning, "kafka.properties." + why);
  }
  Inquiry inquiry(std::move(log));
  if (auto opened = inquiry.open(request.client); !opened) return forward(opened.error());
  auto topics = inquiry.topics(keep_waiting);
  if (!topics) return forward(topics.error());
  if (request.client.guarantee == Guarantee::exactly_once) {
    if (auto known = inquiry.version().check_transactions(); !known) return forward(known.error());
  }
  const auto inputs = matching_inputs(request.inputs, *topics);
  if (!inputs) return forward(inputs.error());

  PreflightReport report;
  auto cluster_id = inquiry.cluster_id(keep_waiting);
  if (!cluster_id) return forward(cluster_id.error());
  report.cluster_id = std::move(*cluster_id);
  report.warnings = inquiry.describe(topics_to_describe(request, *inputs, *topics), *topics, keep_waiting);
  TopicFindings findings = check_topics(request, *inputs, *topics);
  if (!findings.errors.empty()) return fail(Exit::config, fmt::format("{}", fmt::join(findings.errors, "; ")));
  for (const std::string& input : *inputs) report.input_partitions[input] = topics->at(input).partitions;
  report.max_message_bytes = findings.max_message_bytes;
  report.largest_message_bytes = findings.largest_message_bytes;
  report.warnings.insert(report.warnings.end(), findings.warnings.begin(), findings.warnings.end());
  return report;
}

}  // namespace firstseen::kafka
