#include "kafka/properties.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "kafka/handles.h"
#include "kafka/property_table.h"

namespace firstseen::kafka {

namespace {

constexpr std::string_view exactly_once = "it belongs to the promise that nothing is published twice";
constexpr std::string_view nothing_lost = "it belongs to the promise that nothing is lost";
constexpr std::string_view order = "it belongs to the promise that the order within a partition is kept";
constexpr std::string_view internal = "firstseen sets it itself";

const std::map<std::string, std::string_view, std::less<>>& owned() {
  static const std::map<std::string, std::string_view, std::less<>> table{
      {"bootstrap.servers", "use kafka.brokers"},
      {"metadata.broker.list", "use kafka.brokers"},
      {"group.id", "use input.group"},
      {"group.instance.id", "use run.instance"},
      {"transactional.id", "it is made of input.group, run.instance and the slot"},
      {"auto.offset.reset", "use input.start and input.on_gap"},
      {"compression.type", "use output.compression"},
      {"compression.codec", "use output.compression"},
      {"partitioner", "use output.partitioner"},
      {"partitioner_cb", "use output.partitioner"},
      {"topic.blacklist", "use patterns in input.topics that leave topics out"},
      {"queued.max.messages.kbytes", "use kafka.prefetch_bytes"},
      {"isolation.level", exactly_once},
      {"enable.idempotence", exactly_once},
      {"group.protocol", exactly_once},
      {"group.remote.assignor", exactly_once},
      {"partition.assignment.strategy", exactly_once},
      {"enable.auto.commit", nothing_lost},
      {"auto.commit.enable", nothing_lost},
      {"auto.commit.interval.ms", nothing_lost},
      {"enable.auto.offset.store", nothing_lost},
      {"offset.store.method", nothing_lost},
      {"acks", nothing_lost},
      {"request.required.acks", nothing_lost},
      {"retries", nothing_lost},
      {"message.send.max.retries", nothing_lost},
      {"delivery.report.only.error", nothing_lost},
      {"message.max.bytes", "the topic's own max.message.bytes decides which message is too large"},
      {"queuing.strategy", order},
      {"enable.gapless.guarantee", order},
      {"produce.offset.report", internal},
      {"enable.partition.eof", internal},
      {"allow.auto.create.topics", "topics are checked at start and never created"},
      {"test.mock.num.brokers", "use `firstseen demo`"},
      {"log.queue", internal},
      {"enabled_events", internal},
      {"interceptors", internal},
      {"opaque", internal},
      {"default_topic_conf", internal},
      {"ssl_engine_callback_data", internal},
      {"ssl_certificate", internal},
      {"ssl_key", internal},
      {"ssl_ca", internal},
  };
  return table;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// With an idempotent producer the broker remembers five requests; more of them at once could change the order.
bool allows_reordering(const std::string& name, const std::string& value) {
  if (name != "max.in.flight" && name != "max.in.flight.requests.per.connection") return false;
  std::int64_t requests = 0;
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), requests);
  return failed == std::errc() && end == value.data() + value.size() && requests > 5;
}

/// Why a certificate or key file cannot be read. librdkafka itself would say so only when a client is made, and without
/// the place in the configuration.
std::optional<std::string> unreadable_file(const std::string& name, const std::string& value) {
  static const std::set<std::string, std::less<>> files{"ssl.ca.location",       "ssl.certificate.location",
                                                        "ssl.crl.location",      "ssl.key.location",
                                                        "ssl.keystore.location", "sasl.kerberos.keytab"};
  if (!files.contains(name) || (name == "ssl.ca.location" && value == "probe")) return std::nullopt;
  if (value.empty() || access(value.c_str(), R_OK) == 0) return std::nullopt;
  return fmt::format("names a file that cannot be read: {}", std::generic_category().message(errno));
}

std::string did_you_mean(const std::string& name) {
  const std::string meant = meant_property(name);
  return meant.empty() ? "" : fmt::format("; did you mean {}?", meant);
}

std::string same_as(const std::string& name) {
  return fmt::format("is the same property as {}, which is set, too; only one can be meant", name);
}

std::optional<std::string> refusal(rd_kafka_conf_t* scratch, const std::string& name, const std::string& value) {
  if (const auto found = owned().find(name); found != owned().end()) {
    return fmt::format("cannot be set here: {}", found->second);
  }
  if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) {
    return "holds a zero byte; is the file UTF-16? Save it as UTF-8";
  }
  if (ends_with(name, "_cb")) return fmt::format("cannot be set here: {}", internal);
  if (allows_reordering(name, value)) return fmt::format("must be 5 at most: {}", order);
  // librdkafka's own error text would repeat the value, which may be a secret.
  switch (rd_kafka_conf_set(scratch, name.c_str(), value.c_str(), nullptr, 0)) {
    case RD_KAFKA_CONF_OK:
      return unreadable_file(name, value);
    case RD_KAFKA_CONF_UNKNOWN:
      return fmt::format("is no property of librdkafka {}{}", rd_kafka_version_str(), did_you_mean(name));
    case RD_KAFKA_CONF_INVALID:
      break;
  }
  const auto found = property_table().find(name);
  const bool range_known = found != property_table().end() && !found->second.range.empty();
  return range_known ? fmt::format("has a value that librdkafka refuses; it takes {}", found->second.range)
                     : "has a value that librdkafka refuses";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> check_properties(
    const std::map<std::string, std::string>& properties) {
  const ConfHandle scratch(rd_kafka_conf_new());
  std::vector<std::pair<std::string, std::string>> refused;
  for (const auto& [name, value] : properties) {
    if (auto reason = refusal(scratch.get(), name, value)) refused.emplace_back(name, std::move(*reason));
  }
  return refused;
}

std::vector<std::pair<std::string, std::string>> named_twice(const std::map<std::string, std::string>& properties) {
  std::vector<std::pair<std::string, std::string>> twice;
  for (const auto& [name, value] : properties) {
    const auto found = property_table().find(name);
    if (found == property_table().end() || !properties.contains(found->second.alias_of)) continue;
    const std::string& other = found->second.alias_of;
    if (owned().contains(name) && owned().contains(other)) continue;
    twice.emplace_back(name, same_as(other));
    twice.emplace_back(other, same_as(name));
  }
  return twice;
}

Millis transaction_timeout(const std::map<std::string, std::string>& properties) {
  const auto found = properties.find("transaction.timeout.ms");
  std::int64_t ms = default_transaction_timeout.count();
  if (found != properties.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), ms);
  }
  return Millis{ms};
}

}  // namespace firstseen::kafka
