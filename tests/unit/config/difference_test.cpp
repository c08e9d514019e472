#include "config/difference.h"

#include <fmt/format.h>

#include <fstream>
#include <set>

#include "config/options.h"
#include "config/value.h"
#include "support.h"
#include "support/temporary_directory.h"

namespace firstseen::config {
namespace {

Settings loaded(const std::string& more) {
  auto settings = load_text(minimal + more, "f.yaml", {});
  EXPECT_TRUE(settings) << settings.error().message;
  return settings.value_or(Settings());
}

std::vector<Difference> between(const std::string& one, const std::string& other) {
  return differences(loaded(one), loaded(other));
}

struct Change {
  void operator()(std::string& value) const { value += "x"; }
  void operator()(bool& value) const { value = !value; }
  void operator()(std::uint64_t& value) const { ++value; }
  void operator()(Millis& value) const { ++value; }
  void operator()(std::map<std::string, std::string>& value) const { value["x"] = "y"; }
  template <class T>
  void operator()(std::vector<T>& value) const {
    value.emplace_back();
  }
};

TEST(Differences, AreFoundInEveryOption) {
  for (const Option& option : options()) {
    SCOPED_TRACE(option.path);
    Settings changed = defaults();
    std::visit([&](const auto& kind) { Change{}(kind.at(changed)); }, option.kind);
    const auto found = differences(defaults(), changed);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_TRUE(found[0].path.starts_with(option.path)) << found[0].path;
    EXPECT_EQ(found[0].live, option.live);
  }
  EXPECT_TRUE(differences(defaults(), defaults()).empty());
}

TEST(Differences, WhatReloadCanChangeIsThisAndNothingElse) {
  std::set<std::string_view> live;
  for (const auto all : {options(), rule_options()}) {
    for (const Option& option : all) {
      if (option.live) live.insert(option.path);
    }
  }
  EXPECT_EQ(live,
            (std::set<std::string_view>{"duplicates.route", "duplicates.topic", "http.listen", "http.probe_listen",
                                        "http.tls.certificate", "http.tls.key", "http.token_file", "key.rules[].ttl",
                                        "log.format", "log.level", "rejects.route", "rejects.topic", "window.ttl"}));
}

TEST(Differences, OfPropertiesAreNamedOneByOne) {
  EXPECT_EQ(between("kafka: {properties: {client.id: a, linger.ms: 5}}\n",
                    "kafka: {properties: {client.id: b, sasl.username: me}}\n"),
            (std::vector<Difference>{{"kafka.properties.client.id", false},
                                     {"kafka.properties.linger.ms", false},
                                     {"kafka.properties.sasl.username", false}}));
}

TEST(Differences, OfRulesAreTheirTtlsOrAllOfThem) {
  const auto rules = [](const std::string& list) {
    auto settings =
        load_text("input: {topics: [orders], group: g}\noutput: {topic: out}\nkey: {rules: " + list + "}\n", "f", {});
    EXPECT_TRUE(settings) << settings.error().message;
    return settings.value_or(Settings());
  };
  const std::string first = "{name: a, when: {part: topic, equals: x}, fields: [record_key], ttl: 5m}";
  const Settings before = rules("[" + first + ", {name: b, fields: [record_key]}]");
  EXPECT_EQ(differences(before, rules("[" + first + ", {name: b, fields: [record_key], ttl: 2h}]")),
            (std::vector<Difference>{{"key.rules[1].ttl", true}}));
  for (const std::string other :
       {", {name: c, fields: [record_key]}]", ", {name: b, fields: [topic], ttl: 2h}]", "]"}) {
    EXPECT_EQ(differences(before, rules(fmt::format("[{}{}", first, other))),
              (std::vector<Difference>{{"key.rules", false}}))
        << other;
  }
}

TEST(Differences, AreThoseOfValuesWhateverTheirTextsInTheFileAre) {
  EXPECT_TRUE(between("window: {ttl: 24h}\n", "window: {ttl: 1d}\n").empty());
  const firstseen::test::TemporaryDirectory directory;
  const std::string file = directory.path() / "secret";
  const std::string text = "kafka: {properties: {sasl.password: \"${file:" + file + "}\"}}\n";
  std::ofstream(file) << "one";
  const Settings before = loaded(text);
  std::ofstream(file) << "two";
  EXPECT_EQ(differences(before, loaded(text)), (std::vector<Difference>{{"kafka.properties.sasl.password", false}}));
}

}  // namespace
}  // namespace firstseen::config
