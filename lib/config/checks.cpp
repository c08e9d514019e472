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

std::string input_path(std::size_t entry) { return fmt::format("input.topics[{}]", entry); }

/// The entry of input.topics by which a topic is read, if any.
std::optional<std::size_t> source_of(const Settings& s, const std::string& topic) {
  const auto found = std::ranges::find_if(s.input.topics, [&](const auto& entry) { return selects(entry, topic); });
  if (found == s.input.topics.end()) return std::nullopt;
  return static_cast<std::size_t>(found - s.input.topics.begin());
}

/// The output's topics, as far as the file tells: under {topic} one for every input that is named and could be read.
std::vector<std::string> outputs(const Settings& s, const Problems& problems) {
  const std::string& pattern = s.output.topic;
  if (pattern.find(placeholder) == std::string::npos) return {pattern};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < s.input.topics.size(); ++i) {
    const bool known = !TopicPattern::is_one(s.input.topics[i]) && !problems.doubts(input_path(i));
    if (known) names.push_back(output_for(pattern, s.input.topics[i]));
  }
  return names;
}

void check_side_topic(const Settings::SideTopic& side, const std::string& section, const Settings& s,
                      Problems& problems) {
  const std::string path = section + ".topic";
  const std::string route = section + ".route";
  if (side.route == "topic" && side.topic.empty()) {
    problems.add_together({route, path}, fmt::format("route topic needs {}", path));
  }
  if (side.route != "topic" && !side.topic.empty()) {
    problems.add_together({path, route},
                          fmt::format("has no effect with {}: {}; set the route to topic or leave this out", route,
                                      s.shown(route, side.route)));
  }
  if (side.topic.empty()) return;
  if (const auto source = source_of(s, side.topic)) {
    problems.add_together({path, input_path(*source)},
                          TopicPattern::is_one(s.input.topics[*source])
                              ? "matches a pattern of input.topics: its messages would be read again, for ever"
                              : "is an input topic: its messages would be read again, for ever");
  }
  if (const auto names = outputs(s, problems); std::ranges::find(names, side.topic) != names.end()) {
    problems.add_together({path, "output.topic"},
                          "is the output topic: its readers would take these messages for first-seen ones");
  }
}

/// Where a pattern's topics lead under a {topic} output is known only at start, which checks it on the cluster.
void check_no_loop(const Settings& s, Problems& problems) {
  for (const std::string& output : outputs(s, problems)) {
    const auto source = source_of(s, output);
    if (!source) continue;
    problems.add_together(
        {"output.topic", input_path(*source)},
        TopicPattern::is_one(s.input.topics[*source])
            ? "matches a pattern of input.topics: what is published would be read again, for ever; choose "
              "another name, or a pattern that leaves it out"
            : "leads back into an input topic: what is published would be read again, for ever");
    return;
  }
  if (s.output.topic == placeholder) {
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
  const std::string strategy = key.prefix + "strategy";
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
    problems.add_together(
        {key.prefix + std::string(option.name), strategy},
        fmt::format("has no effect with strategy {}; {}", s.shown(strategy, key.strategy), option.advice));
  }
  if (key.strategy == "fields" && !key.fields) {
    problems.add_together(
        {key.prefix + "fields", strategy},
        "strategy fields needs at least one part, for example [\"payload:/order/id\"] or [record_key]");
  }
  if (key.strategy == "hash" && key.fields && key.exclude) {
    problems.add_together({key.prefix + "exclude", key.prefix + "fields", strategy},
                          "has no effect beside key.fields: the listed fields are the key");
  }
  if (key.strategy == "template" && !key.text) {
    problems.add_together({key.prefix + "template", strategy},
                          "strategy template needs a text with parts, for example "
                          "\"{header:tenant|none}/{payload:/order/id}\"");
  }
}

std::string rule_path(std::size_t rule) { return fmt::format("key.rules[{}]", rule); }

/// What only a key without rules uses.
void check_beside_rules(const Settings& s, Problems& problems) {
  const auto& key = s.key;
  const auto unused = [&](bool set, const char* path) {
    if (set) problems.add_together({path}, "has no effect beside key.rules: write it into the rules");
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
    if (part.empty() || used) return;
    std::vector<std::string> options{path};
    for (std::size_t i = 0; i < key.rules.size(); ++i) options.push_back(rule_path(i) + ".strategy");
    problems.add_together(options, "has no effect: no rule has strategy default or hash");
  };
  unused_context(key.context_user, "key.context.user");
  unused_context(key.context_session, "key.context.session");
}

void check_condition(const KeyRule& rule, const std::string& at, Problems& problems) {
  if (rule.fits_everything()) return;
  const auto tests = std::ranges::count(
      std::array{rule.when_equals.empty(), rule.when_prefix.empty(), rule.when_matches.empty()}, false);
  const std::string when = at + ".when";
  if (rule.when_part.empty()) {
    problems.add_together({when, when + ".part"}, "needs a part to look at: topic or header:NAME");
  }
  if (tests == 1) return;
  std::vector<std::string> options{when};
  if (tests == 0) options.insert(options.end(), {when + ".equals", when + ".prefix", when + ".matches"});
  problems.add_together(options, "needs one of equals, prefix and matches, not empty");
}

/// Of those whose conditions could be read, the first rule that has none.
std::optional<std::size_t> catch_all_of(const std::vector<KeyRule>& rules, const Problems& problems) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string when = rule_path(i) + ".when";
    const bool doubted = std::ranges::any_of(std::array{".part", ".equals", ".prefix", ".matches"},
                                             [&](const char* member) { return problems.doubts(when + member); });
    if (rules[i].fits_everything() && !doubted) return i;
  }
  return std::nullopt;
}

/// How many different ttls the rules have for certain.
std::size_t count_ttls(const Settings& s, const Problems& problems) {
  std::set<Millis> ttls;
  for (std::size_t i = 0; i < s.key.rules.size(); ++i) {
    const bool own = s.key.rules[i].ttl.count() != 0;
    const bool doubted = problems.doubts(rule_path(i) + ".ttl") || (!own && problems.doubts("window.ttl"));
    if (!doubted) ttls.insert(own ? s.key.rules[i].ttl : s.window.ttl);
  }
  return ttls.size();
}

/// What a rule, or all of them, say of the others.
void check_among_rules(const Settings& s, Problems& problems) {
  constexpr std::size_t most_rules = 256;
  constexpr std::size_t most_ttls = 16;
  const auto& rules = s.key.rules;
  check_beside_rules(s, problems);
  const auto too_many = [&](std::size_t count, std::size_t most, const char* what) {
    if (count > most) problems.add_together({"key.rules"}, fmt::format("has more than {} {}", most, what));
  };
  too_many(rules.size(), most_rules, "rules");
  too_many(count_ttls(s, problems), most_ttls, "different ttls");
  const auto catch_all = catch_all_of(rules, problems);
  for (std::size_t i = catch_all.value_or(rules.size()) + 1; i < rules.size(); ++i) {
    problems.add_together({rule_path(i)}, fmt::format("is never reached: {} has no condition and fits every message",
                                                      rule_path(*catch_all)));
  }
}

/// Options of one rule.
void check_rules(const Settings& s, Problems& problems) {
  for (std::size_t i = 0; i < s.key.rules.size(); ++i) {
    const KeyRule& rule = s.key.rules[i];
    const std::string at = rule_path(i);
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

void check_key(const Settings& s, Problems& problems) {
  const auto& key = s.key;
  if (problems.doubts("key.rules")) return;  // whether there are rules decides what the rest is good for
  if (!key.rules.empty()) {
    check_rules(s, problems);
    return check_among_rules(s, problems);
  }
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
  const std::string certificate = "http.tls.certificate";
  const std::string key = "http.tls.key";
  if (http.tls_certificate.empty() && http.tls_key.empty()) return;
  if (http.tls_key.empty()) {
    problems.add_together({certificate, key}, "needs http.tls.key, the file with its private key");
  } else if (http.tls_certificate.empty()) {
    problems.add_together({key, certificate},
                          "needs http.tls.certificate, the file with the certificate that it belongs to");
  } else if (http.listen.empty()) {
    problems.add_together({certificate, "http.listen"},
                          "has no effect without http.listen: http.probe_listen stays plain");
  }
}

void check_http(const Settings& s, Problems& problems) {
  const auto probes = parse_endpoint(s.http.probe_listen);
  const auto listen = parse_endpoint(s.http.listen);
  if (probes && listen && probes->port != 0 && *probes == *listen) {
    problems.add_together({"http.probe_listen", "http.listen"}, "is http.listen: leave it out, or choose another port");
  }
  if (!s.http.token_file.empty() && s.http.listen.empty()) {
    problems.add_together({"http.token_file", "http.listen"},
                          "has no effect without http.listen: the probes need no token");
  }
  check_tls(s.http, problems);
}

}  // namespace

std::string output_for(const std::string& pattern, const std::string& topic) {
  std::string name = pattern;
  if (const auto at = name.find(placeholder); at != std::string::npos) name.replace(at, placeholder.size(), topic);
  return name;
}

void check_together(const Settings& s, Problems& problems) {
  check_side_topic(s.duplicates, "duplicates", s, problems);
  check_side_topic(s.rejects, "rejects", s, problems);
  check_no_loop(s, problems);
  check_key(s, problems);
  check_http(s, problems);
}

}  // namespace firstseen::config
