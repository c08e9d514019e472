#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kafka/callbacks.h"
#include "kafka/handles.h"
#include "kafka/properties.h"
#include "kafka/property_table.h"
#include "kafka/settings.h"

namespace firstseen::kafka {

namespace {

/// Of the properties that the user has set, the longest whose name stands in librdkafka's text.
std::string property_named_in(const std::string& text, const std::map<std::string, std::string>& properties) {
  std::string named;
  for (const auto& [name, value] : properties) {
    if (name.size() > named.size() && text.find(name) != std::string::npos) named = name;
  }
  return named;
}

bool of_security(std::string_view name) {
  return name == "security.protocol" || name.find("ssl") != std::string_view::npos ||
         name.find("sasl") != std::string_view::npos;
}

/// Whether librdkafka may only miss what was left out. Of those that secure the connection it does not always name the
/// one that is wrong.
bool may_follow(const Contradiction& contradiction, const std::vector<std::string>& left_out) {
  return std::ranges::any_of(left_out, [&](const std::string& name) {
    const std::string meant = meant_property(name);
    if (meant.empty()) return contradiction.name.empty();
    if (of_security(meant) && (contradiction.name.empty() || of_security(contradiction.name))) return true;
    return contradiction.text.find(meant) != std::string::npos;
  });
}

/// What librdkafka has against the settings of one client.
std::optional<Contradiction> refusal_of(rd_kafka_type_t kind, Result<ConfHandle> conf, const ClientOptions& options) {
  Callbacks silent("", [](LogLevel, const std::string&) {});
  const Result<ClientHandle> made = conf ? make_handle(kind, std::move(*conf), options, silent) : forward(conf.error());
  if (made) return std::nullopt;
  const std::string& text = made.error().message;
  return Contradiction{property_named_in(text, options.properties), text};
}

}  // namespace

std::vector<Contradiction> contradictions(const ClientOptions& options, const std::vector<std::string>& left_out) {
  ClientOptions alone = options;
  alone.brokers.clear();
  alone.group = "check";
  alone.instance_id = "check";
  alone.transactional_id = "check";
  // Or librdkafka would ask for a Kerberos ticket at once.
  if (const char* name = "sasl.kerberos.min.time.before.relogin"; property_table().contains(name)) {
    alone.properties[name] = "0";
  }
  std::vector<Contradiction> found;
  const auto add = [&](std::optional<Contradiction> refused) {
    if (!refused || may_follow(*refused, left_out) || std::ranges::find(found, *refused) != found.end()) return;
    found.push_back(std::move(*refused));
  };
  add(refusal_of(RD_KAFKA_CONSUMER, consumer_settings(alone), options));
  add(refusal_of(RD_KAFKA_PRODUCER, producer_settings(alone), options));
  return found;
}

}  // namespace firstseen::kafka
