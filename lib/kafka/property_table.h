#pragma once

#include <map>
#include <string>

namespace firstseen::kafka {

enum class PropertyScope { both, consumer, producer };

struct Property {
  PropertyScope scope = PropertyScope::both;
  std::string range;     ///< admissible values as librdkafka prints them; empty: any text
  std::string alias_of;  ///< the property of which this is another name, or empty
};

/// Every configuration property that the librdkafka in use knows, read once from librdkafka's own table
/// (rd_kafka_conf_properties_show). Thread-safe.
const std::map<std::string, Property>& property_table();

/// The property that a name, which may be misspelt, most likely means, or empty.
std::string meant_property(const std::string& name);

}  // namespace firstseen::kafka
