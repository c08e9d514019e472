#include "kafka/scram.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <strings.h>

namespace firstseen::kafka {

namespace {

/// 2.6.1: https://github.com/confluentinc/librdkafka/pull/4895
constexpr int repaired = 0x02060100;

bool begins_with(const std::string& text, const std::string& upper) {
  return ::strncasecmp(text.c_str(), upper.c_str(), upper.size()) == 0;
}

/// As librdkafka counts: MMmmrrpp, hexadecimal.
std::string version_text(int version) {
  const auto number = static_cast<unsigned>(version);
  return fmt::format("{}.{}.{}", number >> 24U, (number >> 16U) & 0xFFU, (number >> 8U) & 0xFFU);
}

}  // namespace

std::string refused_scram(const std::map<std::string, std::string>& properties, int version) {
  if (version >= repaired) return {};
  const auto protocol = properties.find("security.protocol");
  if (protocol == properties.end() || !begins_with(protocol->second, "SASL")) return {};
  for (const char* name : {"sasl.mechanism", "sasl.mechanisms"}) {
    const auto mechanism = properties.find(name);
    if (mechanism == properties.end() || !begins_with(mechanism->second, "SCRAM-")) continue;
    return fmt::format(
        "{}: brokers of Kafka 4.0 and later refuse every SCRAM login of librdkafka {}, as if the password were wrong, "
        "since it repeats its nonce; with such brokers use PLAIN over TLS (security.protocol: SASL_SSL), firstseen's "
        "package for Debian 13 or its image, or another librdkafka of 2.6.1 or later",
        name, version_text(version));
  }
  return {};
}

std::string refused_scram(const std::map<std::string, std::string>& properties) {
  return refused_scram(properties, rd_kafka_version());
}

}  // namespace firstseen::kafka
