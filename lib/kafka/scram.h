#pragma once

#include <map>
#include <string>

namespace firstseen::kafka {

/// That logins by SCRAM, which these properties ask for, will be refused by newer brokers, since the librdkafka of this
/// version (rd_kafka_version()) is too old: a text that begins with the property. Empty: they will not.
std::string refused_scram(const std::map<std::string, std::string>& properties, int version);

/// The same of the librdkafka in use.
std::string refused_scram(const std::map<std::string, std::string>& properties);

}  // namespace firstseen::kafka
