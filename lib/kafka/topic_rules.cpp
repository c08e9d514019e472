#include "kafka/topic_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "base/topic_pattern.h"

namespace firstseen::kafka {

namespace {

const std::string* setting(const TopicFacts& topic, const std::string& name) {
  const auto found = topic.settings.find(name);
  return found == topic.settings.end() ? nullptr : &found->second;
}

std::optional<std::int64_t> number(const TopicFacts& topic, const std::string& name) {
  const std::string* text = setting(topic, name);
  std::int64_t value = 0;
  if (text == nullptr) return std::nullopt;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  return failed == std::errc() && end == text->data() + text->size() ? std::optional(value) : std::nullopt;
}

/// Retention settings say "unlimited" as -1.
std::int64_t limit(std::int64_t value) { return value < 0 ? std::numeric_limits<std::int64_t>::max() : value; }

/// Collects findings; one per subject, however many input topics lead to it.
class Checker {
 public:
  Checker(const PreflightRequest& request, const ClusterTopics& topics) : request_(request), topics_(topics) {}

  void check_input_exists(const std::string& input, bool matched) {
    if (matched) return;
    if (TopicPattern::is_one(input)) {
      warning(fmt::format("no topic matches input.topics {} yet", input));
    } else {
      error(
          fmt::format("the input topic {} does not exist, or this user may not describe it: create it or correct "
                      "input.topics",
                      input));
    }
  }

  void check_output(const std::string& input, const std::string& output) {
    const TopicFacts* to = existing(output, input, "output");
    if (to == nullptr) return;
    const TopicFacts& from = topics_.at(input);
    if (request_.same_partition && to->partitions < from.partitions) {
      error(
          fmt::format("the output topic {} has {} partitions, its input {} has {}: add partitions, or set "
                      "output.partitioner: key",
                      output, to->partitions, input, from.partitions));
    }
    check_timestamps("output", output, *to);
    check_compaction("output", output, *to);
    check_sizes(input, from, "output", output, *to);
    check_retention(input, from, output, *to);
  }

  /// What takes the way to a side topic must arrive there as much as elsewhere. How long it stays is its owner's
  /// choice.
  void check_side_topic(const std::string& input, const std::string& side) {
    const TopicFacts* to = existing(side, input, "side");
    if (to == nullptr) return;
    check_timestamps("side", side, *to);
    check_compaction("side", side, *to);
    check_sizes(input, topics_.at(input), "side", side, *to);
  }

  /// A name without {topic} is known before any input exists.
  void check_fixed_destination(const std::string& kind, const std::string& pattern) {
    if (pattern.find("{topic}") == std::string::npos && !topics_.contains(pattern)) missing(kind, pattern, "");
  }

  void check_distinct(const std::vector<std::string>& inputs, const std::string& destination) {
    if (std::find(inputs.begin(), inputs.end(), destination) == inputs.end()) return;
    error(
        fmt::format("the topic {} is an input and an output at once, so every message would come back: choose another "
                    "output, or an input.topics pattern that does not match it",
                    destination));
  }

  TopicFindings take() {
    return {{errors_.begin(), errors_.end()},
            {warnings_.begin(), warnings_.end()},
            max_message_bytes_,
            largest_message_bytes_};
  }

 private:
  void missing(const std::string& kind, const std::string& topic, const std::string& with) {
    error(fmt::format("the {} topic {} does not exist, or this user may not describe it: create it{}", kind, topic,
                      with));
  }
  void error(std::string text) { errors_.insert(std::move(text)); }
  void warning(std::string text) { warnings_.insert(std::move(text)); }

  const TopicFacts* existing(const std::string& topic, const std::string& input, const std::string& kind) {
    if (const auto found = topics_.find(topic); found != topics_.end()) return &found->second;
    missing(kind, topic, fmt::format(" with {} partitions", topics_.at(input).partitions));
    return nullptr;
  }

  void check_timestamps(std::string_view kind, const std::string& topic, const TopicFacts& to) {
    const auto* type = setting(to, "message.timestamp.type");
    if (type == nullptr || *type != "LogAppendTime") return;
    error(
        fmt::format("the {} topic {} replaces timestamps: set its message.timestamp.type to CreateTime", kind, topic));
  }

  void check_compaction(std::string_view kind, const std::string& topic, const TopicFacts& to) {
    const auto* policy = setting(to, "cleanup.policy");
    if (policy == nullptr || policy->find("compact") == policy->npos) return;
    error(
        fmt::format("the {} topic {} is compacted and would drop messages with equal keys: set its cleanup.policy to "
                    "delete",
                    kind, topic));
  }

  void check_sizes(const std::string& input, const TopicFacts& from, std::string_view kind, const std::string& topic,
                   const TopicFacts& to) {
    const auto admitted = number(to, "max.message.bytes");
    if (!admitted || *admitted <= 0) return;
    const auto bytes = static_cast<std::uint64_t>(*admitted);
    max_message_bytes_ = max_message_bytes_ == 0 ? bytes : std::min(max_message_bytes_, bytes);
    largest_message_bytes_ = std::max(largest_message_bytes_, bytes);
    const auto wanted = number(from, "max.message.bytes");
    if (!wanted || *admitted >= *wanted) return;
    error(
        fmt::format("the {} topic {} admits messages of {} bytes, its input {} up to {}: set max.message.bytes of {} "
                    "to {} or more",
                    kind, topic, *admitted, input, *wanted, topic, *wanted));
  }

  void check_retention(const std::string& input, const TopicFacts& from, const std::string& output,
                       const TopicFacts& to) {
    for (const char* name : {"retention.ms", "retention.bytes"}) {
      const auto input_keeps = number(from, name);
      const auto output_keeps = number(to, name);
      if (!input_keeps || !output_keeps || limit(*output_keeps) >= limit(*input_keeps)) continue;
      const bool unlimited = *input_keeps < 0;
      warning(fmt::format(
          "the output topic {} loses its messages sooner than its input {}: its {} is {}, the input's {}; set "
          "{} of {} to {}",
          output, input, name, *output_keeps, unlimited ? "-1 (unlimited)" : std::to_string(*input_keeps), name, output,
          unlimited ? "-1" : fmt::format("{} or more", *input_keeps)));
    }
  }

  const PreflightRequest& request_;
  const ClusterTopics& topics_;
  std::set<std::string> errors_;
  std::set<std::string> warnings_;
  std::uint64_t max_message_bytes_ = 0;
  std::uint64_t largest_message_bytes_ = 0;
};

}  // namespace

Result<std::vector<std::string>> matching_inputs(const std::vector<std::string>& inputs, const ClusterTopics& topics) {
  std::set<std::string> matched;
  for (const std::string& input : inputs) {
    if (!TopicPattern::is_one(input)) {
      if (topics.contains(input)) matched.insert(input);
      continue;
    }
    const TopicPattern pattern(input);
    if (!pattern.error().empty()) {
      return fail(Exit::config, fmt::format("input.topics: {} is no regular expression: {}", input, pattern.error()));
    }
    for (const auto& [topic, facts] : topics) {
      if (pattern.matches(topic)) matched.insert(topic);
    }
  }
  return std::vector<std::string>(matched.begin(), matched.end());
}

std::string destination_for(const std::string& pattern, const std::string& input) {
  constexpr std::string_view placeholder = "{topic}";
  std::string name = pattern;
  for (auto at = name.find(placeholder); at != std::string::npos; at = name.find(placeholder, at + input.size())) {
    name.replace(at, placeholder.size(), input);
  }
  return name;
}

TopicFindings check_topics(const PreflightRequest& request, const std::vector<std::string>& matched,
                           const ClusterTopics& topics) {
  Checker checker(request, topics);
  const bool sides_only = request.output.empty();
  for (const std::string& input : request.inputs) {
    if (sides_only) break;
    const auto own = matching_inputs({input}, topics);
    checker.check_input_exists(input, own && !own->empty());
  }
  if (matched.empty()) {
    if (!sides_only) checker.check_fixed_destination("output", request.output);
    for (const std::string& pattern : request.side_topics) checker.check_fixed_destination("side", pattern);
  }
  for (const std::string& input : matched) {
    if (!sides_only) {
      const std::string output = destination_for(request.output, input);
      checker.check_distinct(matched, output);
      checker.check_output(input, output);
    }
    for (const std::string& pattern : request.side_topics) {
      const std::string side = destination_for(pattern, input);
      checker.check_distinct(matched, side);
      checker.check_side_topic(input, side);
    }
  }
  return checker.take();
}

}  // namespace firstseen::kafka
