#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kafka/options.h"

namespace firstseen::kafka {

/// Checks what a user wrote under kafka.properties: each refused property with the reason, in the map's order. Refused
/// are the properties that firstseen's promises own (the reason names the option to use, if there is one), names that
/// the librdkafka in use does not know, values that it does not take, and certificate files that cannot be read.
/// Reasons never contain a value.
std::vector<std::pair<std::string, std::string>> check_properties(const std::map<std::string, std::string>& properties);

/// What librdkafka knows by two names and `properties` has by both (sasl.mechanism and sasl.mechanisms), of which it
/// would silently take one: each of the two names with the reason, which holds no value. Those that check_properties()
/// refuses by both names are left out.
std::vector<std::pair<std::string, std::string>> named_twice(const std::map<std::string, std::string>& properties);

/// What librdkafka has against properties that are sound one by one but not together, of each client the first: a
/// mechanism that it was built without, a timeout that must be shorter than another, a certificate file that holds
/// none. Makes a consumer and a producer that know no broker, and ends them.
struct Contradiction {
  std::string name;  ///< of the property that the text is about, or empty
  std::string text;  ///< without the value of a secret

  bool operator==(const Contradiction&) const = default;
};
/// `left_out`: names that the user has set, too, but not soundly, so that `options` are without them. What may only
/// follow from that is not told.
std::vector<Contradiction> contradictions(const ClientOptions& options, const std::vector<std::string>& left_out);

/// The transaction.timeout.ms among checked properties, or the default.
Millis transaction_timeout(const std::map<std::string, std::string>& properties);

}  // namespace firstseen::kafka
