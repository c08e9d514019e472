#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/topic_pattern.h"
#include "config/brokers.h"
#include "config/checks.h"
#include "config/endpoint.h"

namespace firstseen::config {
namespace {

/// Letters, digits, dots, underscores and hyphens: what Kafka takes in names.
bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

/// What librdkafka leaves out for the patterns' sake it leaves out for the names, too.
void check_hidden_topic(const std::string& path, const std::string& name, const Settings& s, Problems& problems) {
  constexpr std::array<std::string_view, 4> kafkas_own{"__consumer_offsets", "__transaction_state",
                                                       "__share_group_state", "__cluster_metadata"};
  if (!is_hidden_topic(name)) return;
  if (std::ranges::find(kafkas_own, name) != kafkas_own.end()) {
    problems.add(path, "is one of Kafka's own topics, which are no input");
  } else if (std::ranges::any_of(s.input.topics, TopicPattern::is_one)) {
    problems.add(path,
                 "begins with __ and stands beside a pattern, with which such topics are never read: name every topic, "
                 "or read this one by a configuration of its own");
  }
}

void check_topic_names(const Settings& s, Problems& problems) {
  const auto legal = [](const std::string& name) {
    return name.size() <= 249 && name != "." && name != ".." && is_word(name);
  };
  const auto check = [&](const std::string& path, const std::string& name) {
    if (!legal(name)) {
      problems.add(path, "is not a topic name: 1 to 249 letters, digits, '.', '_' and '-'");
    }
  };
  std::set<std::string> names;
  for (std::size_t i = 0; i < s.input.topics.size(); ++i) {
    const std::string path = fmt::format("input.topics[{}]", i);
    if (!TopicPattern::is_one(s.input.topics[i])) {
      check(path, s.input.topics[i]);
      check_hidden_topic(path, s.input.topics[i], s, problems);
    } else if (const TopicPattern pattern(s.input.topics[i]); !pattern.error().empty()) {
      problems.add(path, fmt::format("is no regular expression: {}", pattern.error()));
    }
    if (!names.insert(s.input.topics[i]).second) problems.add(path, "stands in the list twice");
  }
  const std::string output = output_for(s.output.topic, "x");
  if (output.find_first_of("{}") == std::string::npos) {
    check("output.topic", output);
  } else {
    problems.add("output.topic", "is not a topic name: of what stands in braces, only {topic} is replaced, and once");
  }
  if (!s.duplicates.topic.empty()) check("duplicates.topic", s.duplicates.topic);
  if (!s.rejects.topic.empty()) check("rejects.topic", s.rejects.topic);
}

/// Why a broker of kafka.brokers is no [PROTOCOL://]HOST[:PORT], as librdkafka reads it; empty: it is one.
std::string_view wrong_with_broker(std::string_view broker) {
  if (broker.empty()) return "is empty";
  if (const auto at = broker.find("://"); at != std::string_view::npos) {
    constexpr std::array<std::string_view, 4> protocols{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"};
    if (std::find(protocols.begin(), protocols.end(), broker.substr(0, at)) == protocols.end()) {
      return "begins with a protocol that is not Kafka's: leave it out";
    }
    broker.remove_prefix(at + 3);
  }
  std::string_view host = broker;
  std::string_view port = "9092";
  if (broker.starts_with('[')) {  // an IPv6 address
    const auto end = broker.find(']');
    if (end == std::string_view::npos) return "lacks the ] behind the address";
    host = broker.substr(1, end - 1);
    const std::string_view rest = broker.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return "is not host:port";
    if (!rest.empty()) port = rest.substr(1);
    if (host.empty() || host.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string_view::npos) {
      return "has no IPv6 address between [ and ]";
    }
  } else {
    if (const auto colon = broker.find(':'); colon != std::string_view::npos) {
      host = broker.substr(0, colon);
      port = broker.substr(colon + 1);
    }
    if (!is_word(host)) return "has no host name before the port";
  }
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool legal = error == std::errc{} && end == port.data() + port.size() && number >= 1 && number <= 65535;
  return legal ? "" : "has no port from 1 to 65535 behind the colon";
}

void check_brokers(const Settings& s, Problems& problems) {
  for (std::size_t i = 0; i < s.kafka.brokers.size(); ++i) {
    const std::vector<std::string> brokers = brokers_in(s.kafka.brokers[i]);
    for (std::size_t n = 0; n < brokers.size(); ++n) {
      const std::string_view wrong = wrong_with_broker(brokers[n]);
      if (wrong.empty()) continue;
      problems.add(
          fmt::format("kafka.brokers[{}]", i),
          brokers.size() == 1 ? std::string(wrong) : fmt::format("broker {} of {} {}", n + 1, brokers.size(), wrong));
    }
  }
}

void check_rule_names(const Settings& s, Problems& problems) {
  std::map<std::string, std::size_t> names;
  for (std::size_t i = 0; i < s.key.rules.size(); ++i) {
    const std::string& name = s.key.rules[i].name;
    const std::string path = fmt::format("key.rules[{}].name", i);
    if (name.size() > 64 || !is_word(name)) {
      problems.add(path, "is no name of a rule: 1 to 64 letters, digits, '_', '-' and '.'");
    } else if (const auto [known, fresh] = names.emplace(name, i); !fresh) {
      problems.add(path,
                   fmt::format("is the name of key.rules[{}], too: their keys could not be told apart", known->second));
    }
  }
}

void check_store_path(const std::string& path, Problems& problems) {
  if (path.empty()) problems.add("store.path", "must not be empty");
  if (path.starts_with("~")) {
    problems.add("store.path", "begins with ~, which only a shell understands: write the directory out");
  }
}

void check_instance(const std::string& instance, Problems& problems) {
  if (instance.size() > 100) problems.add("run.instance", "is longer than 100 characters");
  if (!instance.empty() && !is_word(instance)) {
    problems.add("run.instance", "may have letters, digits, '.', '_' and '-' only");
  }
}

void check_endpoint(const std::string& path, const std::string& text, Problems& problems) {
  if (text.empty()) return;
  if (const auto endpoint = parse_endpoint(text); !endpoint) problems.add(path, endpoint.error().message);
}

}  // namespace

void check_values(const Settings& s, Problems& problems) {
  check_topic_names(s, problems);
  check_brokers(s, problems);
  check_rule_names(s, problems);
  check_store_path(s.store.path, problems);
  check_instance(s.run.instance, problems);
  check_endpoint("http.listen", s.http.listen, problems);
  check_endpoint("http.probe_listen", s.http.probe_listen, problems);
}

}  // namespace firstseen::config
