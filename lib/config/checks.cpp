#include "config/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/topic_pattern.h"
#include "config/endpoint.h"

namespace firstseen::config {
namespace {

constexpr std::string_view placeholder = "{topic}";

/// Whether an entry of input.topics names a topic or matches it.
bool selects(const std::string& entry, const std::string& topic) {
  return TopicPattern::is_one(entry) ? TopicPattern(entry).matches(topic) : entry == topic;
}

/// The entry of input.topics by which a topic is read, or null.
const std::string* source_of(const Settings& s, const std::string& topic) {
  const auto found = std::find_if(s.input.topics.begin(), s.input.topics.end(),
                                  [&](const std::string& entry) { return selects(entry, topic); });
  return found == s.input.topics.end() ? nullptr : &*found;
}

/// The concrete output topic of an input topic.
std::string output_for(const std::string& pattern, const std::string& topic) {
  std::string name = pattern;
  if (const auto at = name.find(placeholder); at != std::string::npos) name.replace(at, placeholder.size(), topic);
  return name;
}

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
  if (s.duplicates.route == "topic" && !s.duplicates.topic.empty()) check("duplicates.topic", s.duplicates.topic);
  if (s.rejects.route == "topic" && !s.rejects.topic.empty()) check("rejects.topic", s.rejects.topic);
}

/// Why an entry of kafka.brokers is no [PROTOCOL://]HOST[:PORT], as librdkafka reads it; empty: it is one.
std::string_view wrong_with_broker(std::string_view broker) {
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
    const std::string_view wrong = wrong_with_broker(s.kafka.brokers[i]);
    if (!wrong.empty()) problems.add(fmt::format("kafka.brokers[{}]", i), std::string(wrong));
  }
}

void check_side_topic(const Settings::SideTopic& side, const std::string& section, const Settings& s,
                      Problems& problems) {
  const std::string path = section + ".topic";
  if (side.route == "topic" && side.topic.empty()) {
    problems.add(section + ".route", fmt::format("route topic needs {}", path));
  }
  if (side.route != "topic" && !side.topic.empty()) {
    problems.add(path, fmt::format("has no effect with {}.route: {}; set the route to topic or leave this out", section,
                                   s.shown(section + ".route", side.route)));
  }
  if (side.topic.empty()) return;
  if (const std::string* source = source_of(s, side.topic)) {
    problems.add(path, TopicPattern::is_one(*source)
                           ? "matches a pattern of input.topics: its messages would be read again, for ever"
                           : "is an input topic: its messages would be read again, for ever");
  }
  const bool is_output = std::any_of(s.input.topics.begin(), s.input.topics.end(), [&](const std::string& input) {
    return side.topic == output_for(s.output.topic, input);
  });
  if (is_output) {
    problems.add(path, "is the output topic: its readers would take these messages for first-seen ones");
  }
}

/// Where a pattern's topics lead under a {topic} output is known only at start, which checks it on the cluster.
void check_no_loop(const Settings& s, Problems& problems) {
  const bool named = s.output.topic.find(placeholder) != std::string::npos;
  for (const std::string& input : s.input.topics) {
    if (named && TopicPattern::is_one(input)) continue;
    const std::string* source = source_of(s, output_for(s.output.topic, input));
    if (source == nullptr) continue;
    problems.add("output.topic",
                 TopicPattern::is_one(*source)
                     ? "matches a pattern of input.topics: what is published would be read again, for ever; choose "
                       "another name, or a pattern that leaves it out"
                     : "leads back into an input topic: what is published would be read again, for ever");
    return;
  }
  if (named && s.output.topic == placeholder) {
    problems.add(
        "output.topic",
        fmt::format("'{}' alone is the input topic itself; add a prefix or suffix, for example {{topic}}.unique",
                    s.shown("output.topic", s.output.topic)));
  }
}

/// What a key, or a rule's key, sets.
struct KeyFacts {
  std::string prefix;  ///< of its options' paths
  std::string strategy;
  bool fields;
  bool context_user;
  bool context_session;
  bool include_user;
  bool include_session;
  bool exclude;
  bool text;
};

/// An option of the key that only some strategies use.
struct KeyOption {
  std::string_view name;
  bool set;
  std::vector<std::string_view> users;  ///< the strategies
  std::string_view advice;
};

void check_one_key(const KeyFacts& key, const Settings& s, Problems& problems) {
  const std::array<KeyOption, 7> options{{
      {"fields", key.fields, {"fields", "hash"}, "use strategy fields"},
      {"context.user", key.context_user, {"default", "hash"}, "name the part in the key itself instead"},
      {"context.session", key.context_session, {"default", "hash"}, "name the part in the key itself instead"},
      {"include_user", !key.include_user, {"hash"}, "use strategy hash"},
      {"include_session", !key.include_session, {"hash"}, "use strategy hash"},
      {"exclude", key.exclude, {"hash"}, "use strategy hash"},
      {"template", key.text, {"template"}, "use strategy template"},
  }};
  for (const KeyOption& option : options) {
    const bool used = std::find(option.users.begin(), option.users.end(), key.strategy) != option.users.end();
    if (!option.set || used) continue;
    problems.add(key.prefix + std::string(option.name),
                 fmt::format("has no effect with strategy {}; {}", s.shown(key.prefix + "strategy", key.strategy),
                             option.advice));
  }
  if (key.strategy == "fields" && !key.fields) {
    problems.add(key.prefix + "fields",
                 "strategy fields needs at least one part, for example [\"payload:/order/id\"] or [record_key]");
  }
  if (key.strategy == "hash" && key.fields && key.exclude) {
    problems.add(key.prefix + "exclude", "has no effect beside key.fields: the listed fields are the key");
  }
  if (key.strategy == "template" && !key.text) {
    problems.add(key.prefix + "template",
                 "strategy template needs a text with parts, for example "
                 "\"{header:tenant|none}/{payload:/order/id}\"");
  }
}

/// What only a key without rules uses.
void check_beside_rules(const Settings& s, Problems& problems) {
  const auto& key = s.key;
  const auto unused = [&](bool set, const char* path) {
    if (set) problems.add(path, "has no effect beside key.rules: write it into the rules");
  };
  unused(key.strategy != "fields", "key.strategy");
  unused(!key.fields.empty(), "key.fields");
  unused(!key.include_user, "key.include_user");
  unused(!key.include_session, "key.include_session");
  unused(!key.exclude.empty(), "key.exclude");
  unused(!key.template_text.empty(), "key.template");
  const bool used = std::ranges::any_of(
      key.rules, [](const KeyRule& rule) { return rule.strategy == "default" || rule.strategy == "hash"; });
  const auto unused_context = [&](const std::string& part, const char* path) {
    if (!part.empty() && !used) problems.add(path, "has no effect: no rule has strategy default or hash");
  };
  unused_context(key.context_user, "key.context.user");
  unused_context(key.context_session, "key.context.session");
}

void check_condition(const KeyRule& rule, const std::string& at, Problems& problems) {
  if (rule.fits_everything()) return;
  const auto tests = std::ranges::count(
      std::array{rule.when_equals.empty(), rule.when_prefix.empty(), rule.when_matches.empty()}, false);
  if (rule.when_part.empty()) problems.add(at + ".when", "needs a part to look at: topic or header:NAME");
  if (tests != 1) problems.add(at + ".when", "needs one of equals, prefix and matches, not empty");
}

void check_rules(const Settings& s, Problems& problems) {
  constexpr std::size_t most_rules = 256;
  constexpr std::size_t most_ttls = 16;
  const auto& rules = s.key.rules;
  check_beside_rules(s, problems);
  if (rules.size() > most_rules) problems.add("key.rules", fmt::format("has more than {} rules", most_rules));
  std::map<std::string, std::size_t> names;
  std::set<Millis> ttls;
  std::optional<std::size_t> catch_all;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const KeyRule& rule = rules[i];
    const std::string at = fmt::format("key.rules[{}]", i);
    if (rule.name.size() > 64 || !is_word(rule.name)) {
      problems.add(at + ".name", "is no name of a rule: 1 to 64 letters, digits, '_', '-' and '.'");
    } else if (const auto [known, fresh] = names.emplace(rule.name, i); !fresh) {
      problems.add(at + ".name",
                   fmt::format("is the name of key.rules[{}], too: their keys could not be told apart", known->second));
    }
    check_condition(rule, at, problems);
    if (catch_all) {
      problems.add(at,
                   fmt::format("is never reached: key.rules[{}] has no condition and fits every message", *catch_all));
    } else if (rule.fits_everything()) {
      catch_all = i;
    }
    ttls.insert(rule.ttl.count() == 0 ? s.window.ttl : rule.ttl);
    check_one_key({.prefix = at + ".",
                   .strategy = rule.strategy,
                   .fields = !rule.fields.empty(),
                   .context_user = false,
                   .context_session = false,
                   .include_user = rule.include_user,
                   .include_session = rule.include_session,
                   .exclude = !rule.exclude.empty(),
                   .text = !rule.template_text.empty()},
                  s, problems);
  }
  if (ttls.size() > most_ttls) problems.add("key.rules", fmt::format("has more than {} different ttls", most_ttls));
}

void check_key(const Settings& s, Problems& problems) {
  const auto& key = s.key;
  if (!key.rules.empty()) return check_rules(s, problems);
  check_one_key({.prefix = "key.",
                 .strategy = key.strategy,
                 .fields = !key.fields.empty(),
                 .context_user = !key.context_user.empty(),
                 .context_session = !key.context_session.empty(),
                 .include_user = key.include_user,
                 .include_session = key.include_session,
                 .exclude = !key.exclude.empty(),
                 .text = !key.template_text.empty()},
                s, problems);
}

void check_tls(const Settings::Http& http, Problems& problems) {
  if (http.tls_certificate.empty() && http.tls_key.empty()) return;
  if (http.tls_key.empty()) {
    problems.add("http.tls.certificate", "needs http.tls.key, the file with its private key");
  } else if (http.tls_certificate.empty()) {
    problems.add("http.tls.key", "needs http.tls.certificate, the file with the certificate that it belongs to");
  } else if (http.listen.empty()) {
    problems.add("http.tls.certificate", "has no effect without http.listen: http.probe_listen stays plain");
  }
}

void check_http(const Settings& s, Problems& problems) {
  const auto check_endpoint = [&](const std::string& path, const std::string& text) {
    const auto endpoint = text.empty() ? Result<Endpoint>() : parse_endpoint(text);
    if (!endpoint) problems.add(path, endpoint.error().message);
    return endpoint.value_or(Endpoint{});
  };
  const Endpoint listen = check_endpoint("http.listen", s.http.listen);
  const Endpoint probes = check_endpoint("http.probe_listen", s.http.probe_listen);
  if (probes.port != 0 && probes == listen) {
    problems.add("http.probe_listen", "is http.listen: leave it out, or choose another port");
  }
  if (!s.http.token_file.empty() && s.http.listen.empty()) {
    problems.add("http.token_file", "has no effect without http.listen: the probes need no token");
  }
  check_tls(s.http, problems);
}

}  // namespace

void check_together(const Settings& s, Problems& problems) {
  check_topic_names(s, problems);
  check_side_topic(s.duplicates, "duplicates", s, problems);
  check_side_topic(s.rejects, "rejects", s, problems);
  check_no_loop(s, problems);
  check_key(s, problems);
  if (s.store.path.empty()) problems.add("store.path", "must not be empty");
  if (s.store.path.starts_with("~")) {
    problems.add("store.path", "begins with ~, which only a shell understands: write the directory out");
  }
  if (s.run.instance.size() > 100) problems.add("run.instance", "is longer than 100 characters");
  if (!s.run.instance.empty() && !is_word(s.run.instance)) {
    problems.add("run.instance", "may have letters, digits, '.', '_' and '-' only");
  }
  check_brokers(s, problems);
  check_http(s, problems);
}

}  // namespace firstseen::config
