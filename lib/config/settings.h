#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"

namespace firstseen::config {

/// One entry of key.fields: a part's text, and its own on_missing (empty: the key's).
struct KeyPart {
  std::string part;
  std::string on_missing;

  bool operator==(const KeyPart&) const = default;
};

/// One entry of key.rules.
struct KeyRule {
  std::string name;
  std::string when_part;  ///< empty: no condition
  std::string when_equals;
  std::string when_prefix;
  std::string when_matches;
  std::string strategy;
  std::vector<KeyPart> fields;
  std::string on_missing;  ///< empty: the key's
  bool include_user = false;
  bool include_session = false;
  std::vector<std::string> exclude;
  std::string template_text;
  Millis ttl{0};  ///< 0: window.ttl

  [[nodiscard]] bool fits_everything() const {
    return when_part.empty() && when_equals.empty() && when_prefix.empty() && when_matches.empty();
  }
  bool operator==(const KeyRule&) const = default;
};

/// A configuration file's values, section by section, with their types; choices are the texts of the file. Defaults,
/// bounds and meanings are declared in options.cpp and printed in config/REFERENCE.md.
struct Settings {
  /// The scalars that ${...} put together, by path ("key.fields[0]"), each as it stands in the file: that is what
  /// people are shown, never the value.
  std::map<std::string, std::string> expanded;
  /// By the same paths, what ${...} put into each.
  std::map<std::string, std::vector<std::string>> put_in;

  /// A scalar's text in the file where ${...} put its value together; empty: the value itself stands there.
  [[nodiscard]] std::string reference(const std::string& path) const {
    const auto found = expanded.find(path);
    return found == expanded.end() ? std::string() : found->second;
  }
  /// What people are shown of a scalar: the value, or its reference.
  [[nodiscard]] std::string shown(const std::string& path, const std::string& value) const {
    const auto found = expanded.find(path);
    return found == expanded.end() ? value : found->second;
  }

  /// The scalars that were left out, by path, each with why; see config/absent.h. They hold their default, a property
  /// nothing.
  std::map<std::string, std::string> left_out;

  struct Kafka {
    std::vector<std::string> brokers;
    std::map<std::string, std::string> properties;
    std::uint64_t prefetch_bytes = 0;
  } kafka;
  struct Input {
    std::vector<std::string> topics;
    std::string group;
    std::string start;
    std::string on_gap;
    std::string on_missing_history;
  } input;
  struct Output {
    std::string topic;
    std::string partitioner;
    std::string compression;
  } output;
  struct SideTopic {
    std::string route;
    std::string topic;
  } duplicates, rejects;
  struct Key {
    std::string strategy;
    std::string name_space;
    std::string scope;
    std::vector<KeyPart> fields;
    std::string digest;
    std::string on_missing;
    std::string context_user;
    std::string context_session;
    bool include_user = false;
    bool include_session = false;
    std::vector<std::string> exclude;
    std::string template_text;
    std::vector<KeyRule> rules;
  } key;
  KeyRule rule;  ///< the entry of key.rules that is being read or shown: where rule_options() find their places
  struct Window {
    Millis ttl{0};
    std::string clock;
    Millis max_skew{0};
    bool refresh_on_duplicate = false;
  } window;
  struct Store {
    std::string path;
    std::uint64_t max_size = 0;
    std::string durability;
  } store;
  struct Delivery {
    std::string guarantee;
    Millis commit_interval{0};
    std::uint64_t max_batch = 0;
    std::uint64_t max_batch_bytes = 0;
  } delivery;
  struct Run {
    std::uint64_t slots = 0;
    std::string instance;
  } run;
  struct Http {
    std::string listen;
    std::string probe_listen;
    std::string token_file;
    std::string tls_certificate;
    std::string tls_key;
  } http;
  struct Log {
    std::string level;
    std::string format;
  } log;
};

}  // namespace firstseen::config
