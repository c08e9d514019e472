#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "config/options.h"
#include "config/value.h"
#include "support.h"

namespace firstseen::config {
namespace {

struct Setting {
  std::string yaml;   ///< the value as it stands in the file
  std::string shown;  ///< as dump() shows it
};

/// A value for every option that is not its default (run.slots has no other).
const std::map<std::string, Setting> settings_of_all = {
    {"kafka.brokers", {"[a:1, b:2]", "[\"a:1\", \"b:2\"]"}},
    {"kafka.properties",
     {"{client.id: me, sasl.password: p}", "{\"client.id\": \"me\", \"sasl.password\": \"<redacted>\"}"}},
    {"kafka.prefetch_bytes", {"5MiB", "5MiB"}},
    {"input.topics", {"[x, ^y]", "[\"x\", \"^y\"]"}},
    {"input.group", {"grp", "\"grp\""}},
    {"input.start", {"latest", "latest"}},
    {"input.on_gap", {"skip", "skip"}},
    {"input.on_missing_history", {"warn", "warn"}},
    {"output.topic", {"out", "\"out\""}},
    {"output.partitioner", {"key", "key"}},
    {"output.compression", {"zstd", "zstd"}},
    {"duplicates.route", {"topic", "topic"}},
    {"duplicates.topic", {"dup", "\"dup\""}},
    {"rejects.route", {"topic", "topic"}},
    {"rejects.topic", {"rej", "\"rej\""}},
    {"key.strategy", {"default", "default"}},
    {"key.namespace", {"ns", "\"ns\""}},
    {"key.scope", {"none", "none"}},
    {"key.fields",
     {"[record_key, {part: topic, on_missing: pass}]", "[\"record_key\", {part: \"topic\", on_missing: pass}]"}},
    {"key.digest", {"blake2b512", "blake2b512"}},
    {"key.on_missing", {"as_null", "as_null"}},
    {"key.context.user", {"record_key", "\"record_key\""}},
    {"key.context.session", {"\"header:s\"", "\"header:s\""}},
    {"key.include_user", {"false", "false"}},
    {"key.include_session", {"false", "false"}},
    {"key.exclude", {"[\"payload:/a\", \"payload:/b\"]", "[\"payload:/a\", \"payload:/b\"]"}},
    {"key.template", {"\"{header:a|b}\"", "\"{header:a|b}\""}},
    {"key.rules",
     {"[{name: a, when: {part: topic, prefix: p}, strategy: hash, exclude: [\"payload:/x\"], ttl: 5m}, "
      "{name: b, fields: [topic]}]",
      "[{name: \"a\", strategy: hash, exclude: [\"payload:/x\"], ttl: 5m, when: {part: \"topic\", prefix: \"p\"}}, "
      "{name: \"b\", fields: [\"topic\"]}]"}},
    {"window.ttl", {"1h30m", "1h30m"}},
    {"window.clock", {"wall_clock_time", "wall_clock_time"}},
    {"window.max_skew", {"0ms", "0ms"}},
    {"window.refresh_on_duplicate", {"true", "true"}},
    {"store.path", {"/data", "\"/data\""}},
    {"store.max_size", {"1GiB", "1GiB"}},
    {"store.durability", {"process_crash", "process_crash"}},
    {"delivery.guarantee", {"at_least_once", "at_least_once"}},
    {"delivery.commit_interval", {"1s", "1s"}},
    {"delivery.max_batch", {"7", "7"}},
    {"delivery.max_batch_bytes", {"1MiB", "1MiB"}},
    {"run.slots", {"1", "1"}},
    {"run.instance", {"i1", "\"i1\""}},
    {"http.listen", {"\"[::1]:80\"", "\"[::1]:80\""}},
    {"http.probe_listen", {"\"0.0.0.0:9465\"", "\"0.0.0.0:9465\""}},
    {"http.token_file", {"/run/token", "\"/run/token\""}},
    {"http.tls.certificate", {"/run/tls.crt", "\"/run/tls.crt\""}},
    {"http.tls.key", {"/run/tls.key", "\"/run/tls.key\""}},
    {"log.level", {"debug", "debug"}},
    {"log.format", {"json", "json"}},
};

/// A file with one option of these set; the others as in `minimal`, or left out where they would contradict it.
std::string file_with(const std::string& path, const std::string& value) {
  std::map<std::string, std::string> set = {{"input.topics", "[orders]"}, {"input.group", "g"}, {"output.topic", "u"}};
  const std::set<std::string> of_hash{"key.include_user", "key.include_session", "key.exclude"};
  if (path == "key.strategy" || path.starts_with("key.context.")) {
    set["key.strategy"] = "default";
  } else if (of_hash.contains(path)) {
    set["key.strategy"] = "hash";
  } else if (path == "key.template") {
    set["key.strategy"] = "template";
  } else if (path != "key.rules") {
    set["key.fields"] = "[topic]";
  }
  for (const std::string side : {"duplicates", "rejects"}) {
    if (path.starts_with(side)) set[side + ".route"] = "topic", set[side + ".topic"] = "t";
  }
  if (path.starts_with("http.tls.")) {  // neither without the other
    set["http.tls"] = path.ends_with("key") ? fmt::format("{{certificate: /c, key: {}}}", value)
                                            : fmt::format("{{certificate: {}, key: /k}}", value);
  } else {
    set[path] = value;
  }
  std::map<std::string, std::string> sections;
  for (const auto& [name, text] : set) {
    const std::size_t dot = name.find('.');
    std::string rest = name.substr(dot + 1);
    std::string inner = text;
    if (const std::size_t second = rest.find('.'); second != std::string::npos) {
      inner = fmt::format("{{{}: {}}}", rest.substr(second + 1), text);
      rest.resize(second);
    }
    sections[name.substr(0, dot)] += fmt::format("  {}: {}\n", rest, inner);
  }
  std::string yaml;
  for (const auto& [section, lines] : sections) yaml.append(section).append(":\n").append(lines);
  return yaml;
}

TEST(Options, EveryOneIsSetByTheFileAndShownAgain) {
  Settings untouched = defaults();
  for (const Option& option : options()) {
    const std::string path(option.path);
    SCOPED_TRACE(path);
    const auto found = settings_of_all.find(path);
    ASSERT_NE(found, settings_of_all.end()) << "a new option needs a line in this test";
    auto settings = load_text(file_with(path, found->second.yaml), "f.yaml", {});
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(show_value(option, *settings), found->second.shown);
    if (path != "run.slots") {
      EXPECT_NE(show_value(option, untouched), found->second.shown);
    }
    EXPECT_TRUE(has(dump(*settings), fmt::format("  {}: {}\n", path.substr(path.rfind('.') + 1), found->second.shown)));
  }
  EXPECT_EQ(options().size(), settings_of_all.size()) << "this test names an option that is gone";
}

TEST(Options, WhatIsShownIsAFileThatMeansTheSame) {
  for (const auto& [path, setting] : settings_of_all) {
    SCOPED_TRACE(path);
    const auto settings = load_text(file_with(path, setting.yaml), "f.yaml", {});
    ASSERT_TRUE(settings) << settings.error().message;
    const auto again = load_text(dump(*settings), "shown.yaml", {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(dump(*again), dump(*settings));
  }
}

TEST(Options, TextsThatMeanSomethingToYamlOrExpansionComeBackFromWhatIsShown) {
  for (const std::string text :
       {R"(a "b" \c)", "${HOME}", "$${x}", "$$", "a: b # c", "line\nline\ttab", "\x01\x7f", "é 漢"}) {
    SCOPED_TRACE(text);
    Settings settings = *load_text(minimal, "f.yaml", {});
    settings.key.name_space = text;
    settings.kafka.properties = {{"client.rack", text}};
    settings.key.fields = {{"header:" + text, "as_null"}};
    const auto again = load_text(dump(settings), "shown.yaml", {});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->key.name_space, text);
    EXPECT_EQ(again->kafka.properties, settings.kafka.properties);
    EXPECT_EQ(again->key.fields, settings.key.fields);
  }
}

TEST(Options, EveryOneHasAPlaceOfItsOwnAndHelp) {
  std::set<std::string_view> paths;
  for (const Option& option : options()) {
    EXPECT_TRUE(paths.insert(option.path).second) << option.path;
    EXPECT_TRUE(option.help.ends_with('.')) << option.path;
    EXPECT_TRUE(option.default_value.empty() || !option.required) << option.path;
    EXPECT_FALSE(is_section(option.path)) << option.path;
    EXPECT_TRUE(not_in_this_version(option.path).empty()) << option.path;
  }
}

}  // namespace
}  // namespace firstseen::config
