#include "config/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

/// What a rule, or all of them, say of the others.
void check_among_rules(const Settings& s, Problems& problems) {
  constexpr std::size_t most_rules = 256;
  constexpr std::size_t most_ttls = 16;
  const auto& rules = s.key.rules;
  check_beside_rules(s, problems);
  if (rules.size() > most_rules) problems.add("key.rules", fmt::format("has more than {} rules", most_rules));
  std::set<Millis> ttls;
  std::optional<std::size_t> catch_all;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const KeyRule& rule = rules[i];
    if (catch_all) {
      problems.add(fmt::format("key.rules[{}]", i),
                   fmt::format("is never reached: key.rules[{}] has no condition and fits every message", *catch_all));
    } else if (rule.fits_everything()) {
      catch_all = i;
    }
    ttls.insert(rule.ttl.count() == 0 ? s.window.ttl : rule.ttl);
  }
  if (ttls.size() > most_ttls) problems.add("key.rules", fmt::format("has more than {} different ttls", most_ttls));
}

void check_key(const Settings& s, Problems& problems) {
  const auto& key = s.key;
  if (!key.rules.empty()) return check_among_rules(s, problems);
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
  const auto probes = parse_endpoint(s.http.probe_listen);
  const auto listen = parse_endpoint(s.http.listen);
  if (probes && listen && probes->port != 0 && *probes == *listen) {
    problems.add("http.probe_listen", "is http.listen: leave it out, or choose another port");
  }
  if (!s.http.token_file.empty() && s.http.listen.empty()) {
    problems.add("http.token_file", "has no effect without http.listen: the probes need no token");
  }
  check_tls(s.http, problems);
}

}  // namespace

std::string output_for(const std::string& pattern, const std::string& topic) {
  std::string name = pattern;
  if (const auto at = name.find(placeholder); at != std::string::npos) name.replace(at, placeholder.size(), topic);
  return name;
}

void check_rules(const Settings& s, Problems& problems) {
  for (std::size_t i = 0; i < s.key.rules.size(); ++i) {
    const KeyRule& rule = s.key.rules[i];
    const std::string at = fmt::format("key.rules[{}]", i);
    check_condition(rule, at, problems);
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
}

void check_together(const Settings& s, Problems& problems) {
  check_side_topic(s.duplicates, "duplicates", s, problems);
  check_side_topic(s.rejects, "rejects", s, problems);
  check_no_loop(s, problems);
  check_key(s, problems);
  check_http(s, problems);
}

}  // namespace firstseen::config
