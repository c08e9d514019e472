#pragma once

#include <map>
#include <string>

namespace firstseen::kafka {

enum class PropertyScope { both, consumer, producer };

/// Every configuration property that the librdkafka in use knows, with the kind of client that it concerns; read once
/// from librdkafka's own table (rd_kafka_conf_properties_show). Thread-safe.
const std::map<std::string, PropertyScope>& property_table();

}  // namespace firstseen::kafka
