#include "ingest_command/arguments.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

#include "base/units.h"
#include "kafka/properties.h"
#include "option_checks.h"
#include "option_duration.h"

namespace firstseen::ingest_command {
namespace {

using Properties = std::map<std::string, std::string>;

Result<void> add_property(Properties& properties, const std::string& text, const std::string& where) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Exit::usage, fmt::format("{}: '{}' is not NAME=VALUE", where, text.substr(0, equals)));
  }
  properties[text.substr(0, equals)] = text.substr(equals + 1);
  return {};
}

/// As Kafka's own tools read them: NAME=VALUE lines, # begins a comment.
Result<void> read_properties(const std::string& file, Properties& properties) {
  std::ifstream in(file);
  if (!in) {
    return fail(Exit::io, fmt::format("cannot read {}: {}", file, std::generic_category().message(errno)));
  }
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    if (auto added = add_property(properties, line, fmt::format("{}:{}", file, number)); !added) return added;
  }
  return {};
}

Result<Properties> all_properties(const Arguments& arguments) {
  Properties properties;
  if (!arguments.properties_file.empty()) {
    if (auto read = read_properties(arguments.properties_file, properties); !read) return forward(read.error());
  }
  for (const std::string& property : arguments.properties) {
    if (auto added = add_property(properties, property, "--property"); !added) return forward(added.error());
  }
  for (const auto& [name, why] : kafka::check_properties(properties)) {
    return fail(Exit::usage, fmt::format("property {}: {}", name, why));
  }
  for (const auto& [name, why] : kafka::named_twice(properties)) {
    return fail(Exit::usage, fmt::format("property {}: {}", name, why));
  }
  return properties;
}

Result<ingest::TopicOptions> topic_options(const Arguments& arguments) {
  ingest::TopicOptions topic;
  topic.topic = arguments.topic;
  topic.brokers = arguments.brokers;
  topic.compression = arguments.compression;
  const auto timeout = read_duration("--timeout", arguments.timeout);
  if (!timeout) return forward(timeout.error());
  topic.patience = *timeout;
  auto properties = all_properties(arguments);
  if (!properties) return forward(properties.error());
  topic.properties = std::move(*properties);
  return topic;
}

Result<ingest::RecordKeys> record_keys(const Arguments& arguments) {
  ingest::RecordKeys keys;
  keys.spec.scope = key::Scope::none;
  for (const std::string& part : arguments.keys) {
    if (part != "payload" && !part.starts_with("payload:")) {
      return fail(
          Exit::usage,
          fmt::format("--key '{}': a record has a payload only: write payload:/POINTER, or payload for all of it",
                      part));
    }
    keys.spec.fields.push_back({part, std::nullopt});
  }
  const auto ttl = read_duration("--ttl", arguments.ttl);
  if (!ttl) return forward(ttl.error());
  keys.ttl = *ttl;
  return keys;
}

}  // namespace

Result<ingest::IngestOptions> to_options(const Arguments& arguments) {
  ingest::IngestOptions options;
  options.ledger = arguments.ledger;
  const auto format = ingest::parse_format(arguments.format);
  if (!format) return forward(format.error());
  options.format = *format;
  options.jobs = arguments.jobs;
  options.records_per_transaction = arguments.records_per_transaction;
  options.refuse_changed = arguments.refuse_changed;
  options.undecided = arguments.undecided == "published" ? ingest::Undecided::published
                      : arguments.undecided == "aborted" ? ingest::Undecided::aborted
                                                         : ingest::Undecided::ask;
  if (!arguments.output.empty()) options.output = arguments.output;
  if (!arguments.topic.empty()) {
    auto topic = topic_options(arguments);
    if (!topic) return forward(topic.error());
    options.topic = std::move(*topic);
  }
  if (!arguments.keys.empty()) {
    auto keys = record_keys(arguments);
    if (!keys) return forward(keys.error());
    options.keys = std::move(*keys);
  }
  return options;
}

void add_options(CLI::App& command, const std::shared_ptr<Arguments>& a) {
  command.add_option("--to-topic", a->topic, "The topic that takes the records")->type_name("TOPIC");
  command.add_option("--to-file", a->output, "The file that takes them instead, one per line")->type_name("FILE");
  command.add_option("-b,--brokers", a->brokers, "host:port, separated by commas")
      ->type_name("BROKERS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command.add_option("--property", a->properties, "A librdkafka property; may be repeated")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  command.add_option("--properties", a->properties_file, "A file of such properties")->type_name("FILE");
  choose(command.add_option("--compression", a->compression, "Of the topic's records"),
         {"none", "gzip", "snappy", "lz4", "zstd"})
      ->capture_default_str();
  command.add_option("--timeout", a->timeout, "How long to wait for a broker")
      ->type_name("DURATION")
      ->capture_default_str();
  command.add_option("--ledger", a->ledger, "Directory that remembers what was ingested")
      ->type_name("DIR")
      ->capture_default_str();
  command.add_option("--format", a->format, "auto (by the name), jsonl, json, csv, lines")
      ->type_name("FORMAT")
      ->capture_default_str();
  command.add_option("--glob", a->pattern, "Which files of directories")->type_name("PATTERN")->capture_default_str();
  command.add_flag("--hidden", a->hidden, "Also files and directories that begin with a dot");
  command.add_option("-j,--jobs", a->jobs, "Files at once, 1 to 64")
      ->check(between(1, 64))
      ->type_name("COUNT")
      ->capture_default_str();
  command.add_option("--records-per-transaction", a->records_per_transaction, "0: one transaction per file")
      ->type_name("COUNT")
      ->capture_default_str();
  command.add_flag("--refuse-changed", a->refuse_changed, "A file that changed after it was ingested fails");
  choose(command.add_option("--undecided", a->undecided, "Outcome of a batch that the broker has forgotten"),
         {"ask", "published", "aborted"})
      ->capture_default_str();
  command.add_option("-k,--key", a->keys, "Leave out records whose key was seen: payload:/POINTER; may be repeated")
      ->type_name("PART")
      ->allow_extra_args(false);
  command.add_option("--ttl", a->ttl, "How long a key is remembered")->type_name("DURATION")->capture_default_str();
  command.add_flag("--status", a->status, "Print the ledger and do nothing else");
  command.add_flag("--json", a->as_json, "Print JSON");
  command.add_option("PATH", a->paths, "Files, directories, patterns")->type_name("");
}

}  // namespace firstseen::ingest_command
