#include "config/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace firstseen::config {
namespace {

constexpr std::uint64_t mib = 1ULL << 20U;
constexpr std::uint64_t gib = 1ULL << 30U;
constexpr Millis day{24LL * 3600 * 1000};

using S = Settings;

/// The place of an option in the settings.
template <auto section, auto option>
auto& at(Settings& settings) {
  return settings.*section.*option;
}

std::vector<Option> kafka_options() {
  return {
      {"kafka.brokers", TextList{at<&S::kafka, &S::Kafka::brokers>}, "[localhost:9092]", false,
       "Bootstrap brokers, host:port each; an item may hold several, separated by commas, as a variable's value often "
       "does. Input and output are topics of this one cluster."},
      {"kafka.properties", TextMap{at<&S::kafka, &S::Kafka::properties>}, "", false,
       "Any librdkafka property (security.protocol, sasl.*, ssl.*, client.id, ...) except those that firstseen's "
       "promises own.",
       true},
      {"kafka.prefetch_bytes", Size{at<&S::kafka, &S::Kafka::prefetch_bytes>, mib, 4 * gib}, "64MiB", false,
       "Messages fetched ahead of the loop, in bytes of the whole consumer. One answer per broker comes on top, of a "
       "quarter of it (1MB to 50MiB), compressed as in the log."},
  };
}

std::vector<Option> topic_options() {
  return {
      {"input.topics", TextList{at<&S::input, &S::Input::topics>}, "", true,
       "Topics to read: names, and POSIX extended regular expressions beginning with ^. Topics that appear later and "
       "match are read, too. No expression selects a topic whose name begins with __."},
      {"input.group", Text{at<&S::input, &S::Input::group>}, "", true,
       "Consumer group; every process that shares the work has the same."},
      {"input.start", Choice{at<&S::input, &S::Input::start>, {"earliest", "latest"}}, "earliest", false,
       "Where the group starts when it has no offsets yet. Partitions that appear later always start at the earliest."},
      {"input.on_gap", Choice{at<&S::input, &S::Input::on_gap>, {"stop", "skip"}}, "stop", false,
       "The committed offset lies outside the log, or the log is another one: stop that partition with a message, or "
       "skip to the beginning of what is there."},
      {"input.on_missing_history", Choice{at<&S::input, &S::Input::on_missing_history>, {"rebuild", "warn", "stop"}},
       "rebuild", false,
       "A partition arrives whose history this store has not recorded: read it again as far as the window reaches "
       "(publishing nothing), go on with a shorter window, or stop that partition."},
      {"output.topic", Text{at<&S::output, &S::Output::topic>}, "", true,
       "Topic for first-seen messages; {topic} stands for the input topic's name. It must exist."},
      {"output.partitioner", Choice{at<&S::output, &S::Output::partitioner>, {"same", "key"}}, "same", false,
       "The input partition's number, or murmur2 of the record key as Java clients do."},
      {"output.compression", Choice{at<&S::output, &S::Output::compression>, {"none", "gzip", "snappy", "lz4", "zstd"}},
       "lz4", false, "Compression of what is produced."},
      {"duplicates.route", Choice{at<&S::duplicates, &S::SideTopic::route>, {"drop", "topic"}}, "drop", false,
       "What happens to duplicates: dropped (and counted), or published to duplicates.topic."},
      {"duplicates.topic", Text{at<&S::duplicates, &S::SideTopic::topic>}, "", false,
       "Side topic for duplicates, with headers that name the first."},
      {"rejects.route", Choice{at<&S::rejects, &S::SideTopic::route>, {"stop", "topic", "drop", "pass"}}, "stop", false,
       "What happens to a message without a usable key or that the output refuses: stop that partition until "
       "`firstseen skip`, publish it to rejects.topic, drop it (counted), or pass it on unchecked. A message that the "
       "output "
       "itself refuses cannot be passed on: it stops its partition then, too."},
      {"rejects.topic", Text{at<&S::rejects, &S::SideTopic::topic>}, "", false,
       "Side topic for rejects, with headers that say why."},
  };
}

std::vector<Option> key_options() {
  return {
      {"key.strategy", Choice{at<&S::key, &S::Key::strategy>, {"default", "fields", "hash", "template"}}, "fields",
       false,
       "fields: the parts of key.fields. default: the context and the whole payload, byte for byte. hash: the context, "
       "and the parts of key.fields, or else the payload as JSON without key.exclude. template: the text and parts of "
       "key.template."},
      {"key.namespace", Text{at<&S::key, &S::Key::name_space>}, "", false,
       "A text that keeps these keys apart from others."},
      {"key.scope", Choice{at<&S::key, &S::Key::scope>, {"topic", "topic_partition", "none"}}, "topic", false,
       "Where a key counts: within its input topic, within its partition, or everywhere (none)."},
      {"key.fields", PartList{at<&S::key, &S::Key::fields>}, "", false,
       "The parts of the key, at least one with strategy fields, also for strategy hash: record_key, header:NAME, "
       "payload, "
       "payload:/json/pointer, topic, partition, "
       "timestamp:BUCKET (for example timestamp:1m); each a text, or {part: TEXT, on_missing: ...}."},
      {"key.digest", Choice{at<&S::key, &S::Key::digest>, {"sha256", "sha512", "blake2b512", "xxh3_128"}}, "sha256",
       false, "Digest of the key. xxh3_128 is faster; only where nobody hostile writes the keys."},
      {"key.on_missing", Choice{at<&S::key, &S::Key::on_missing>, {"reject", "as_null", "pass"}}, "reject", false,
       "A message lacks a part: take the rejects route, count the absence as a value (as_null; a JSON null is another "
       "one), or publish unchecked (pass)."},
      {"key.context.user", Text{at<&S::key, &S::Key::context_user>}, "", false,
       "Part that names the user, for the strategies default and hash: for example header:x-user."},
      {"key.context.session", Text{at<&S::key, &S::Key::context_session>}, "", false,
       "Part that names the session, for the strategies default and hash: for example header:x-session."},
      {"key.include_user", Boolean{at<&S::key, &S::Key::include_user>}, "true", false,
       "With strategy hash, whether key.context.user is part of the key."},
      {"key.include_session", Boolean{at<&S::key, &S::Key::include_session>}, "true", false,
       "With strategy hash, whether key.context.session is part of the key."},
      {"key.exclude", TextList{at<&S::key, &S::Key::exclude>, true}, "", false,
       "With strategy hash and no key.fields: places in the payload that are not part of the key, for example "
       "[\"payload:/sent_at\"]."},
      {"key.template", Text{at<&S::key, &S::Key::template_text>}, "", false,
       "With strategy template: a text with parts in braces, each with a default behind | if it may be missing, and "
       "with time formats of the message's timestamp: {header:tenant|none}/{payload:/id}@{timestamp:%Y-%m-%dT%H:%M}. "
       "A backslash before a brace, a | or a backslash makes it the character itself."},
      {"key.rules", RuleList{at<&S::key, &S::Key::rules>}, "", false,
       "Different keys and windows for different messages: the first rule whose condition fits a message says how its "
       "key is made, and for how long it is remembered. What fits none takes the rejects route. Namespace, scope, "
       "digest and context are those of the key."},
  };
}

/// The place of a rule's option.
template <auto option>
auto& in_rule(Settings& settings) {
  return settings.rule.*option;
}

std::vector<Option> make_rule_options() {
  using R = KeyRule;
  return {
      {"key.rules[].name", Text{in_rule<&R::name>}, "", true,
       "Part of the rule's keys, so that those of different rules are never equal: 1 to 64 letters, digits, '_', '-' "
       "and '.'.",
       false, false, true},
      {"key.rules[].when.part", Text{in_rule<&R::when_part>}, "", false,
       "What the condition looks at: topic, or header:NAME (the last header of that name; without one the rule does "
       "not "
       "fit). A rule without a condition fits every message and must be the last.",
       false, false, true},
      {"key.rules[].when.equals", Text{in_rule<&R::when_equals>}, "", false, "The whole text, as it must be."},
      {"key.rules[].when.prefix", Text{in_rule<&R::when_prefix>}, "", false, "What the text must begin with."},
      {"key.rules[].when.matches", Text{in_rule<&R::when_matches>}, "", false,
       "A regular expression (RE2) that the whole text must match."},
      {"key.rules[].strategy", Choice{in_rule<&R::strategy>, {"default", "fields", "hash", "template"}}, "fields",
       false, "As key.strategy."},
      {"key.rules[].fields", PartList{in_rule<&R::fields>}, "", false, "As key.fields."},
      {"key.rules[].on_missing", Choice{in_rule<&R::on_missing>, {"reject", "as_null", "pass"}}, "", false,
       "As key.on_missing, which stands for it."},
      {"key.rules[].include_user", Boolean{in_rule<&R::include_user>}, "true", false, "As key.include_user."},
      {"key.rules[].include_session", Boolean{in_rule<&R::include_session>}, "true", false, "As key.include_session."},
      {"key.rules[].exclude", TextList{in_rule<&R::exclude>, true}, "", false, "As key.exclude."},
      {"key.rules[].template", Text{in_rule<&R::template_text>}, "", false, "As key.template."},
      {"key.rules[].ttl", Duration{in_rule<&R::ttl>, Millis{1}, 36500 * day}, "", false,
       "How long this rule's keys are remembered; window.ttl stands for it. There may be 16 different ones. It may "
       "change later; the rest of a rule belongs to the store for life."},
  };
}

std::vector<Option> window_options() {
  return {
      {"window.ttl", Duration{at<&S::window, &S::Window::ttl>, Millis{1}, 36500 * day}, "24h", false,
       "How long a key is remembered: a message is a duplicate when one with its key was seen at most this long "
       "before."},
      {"window.clock", Choice{at<&S::window, &S::Window::clock>, {"stream_time", "wall_clock_time"}}, "stream_time",
       false,
       "Age by Kafka's stream time (the highest message timestamp of the partition), or by this machine's clock."},
      {"window.max_skew", Duration{at<&S::window, &S::Window::max_skew>, Millis{0}, 36500 * day}, "5m", false,
       "Stream time is never further ahead of this machine's clock; later timestamps are clipped and counted."},
      {"window.refresh_on_duplicate", Boolean{at<&S::window, &S::Window::refresh_on_duplicate>}, "false", false,
       "A duplicate renews its key, so that the window slides."},
      {"store.path", Text{at<&S::store, &S::Store::path>}, "/var/lib/firstseen", false,
       "Directory of the store and the control socket; one process at a time."},
      {"store.max_size", Size{at<&S::store, &S::Store::max_size>, 16 * mib, 1ULL << 44U}, "64GiB", false,
       "Upper bound of the store on disk. When it is reached, the oldest keys go early and the shorter window is "
       "reported."},
      {"store.durability", Choice{at<&S::store, &S::Store::durability>, {"power_loss", "process_crash"}}, "power_loss",
       false,
       "What a crash of the machine may cost: nothing (fsync per batch), or what the kernel had not written yet."},
  };
}

std::vector<Option> run_options() {
  return {
      {"delivery.guarantee", Choice{at<&S::delivery, &S::Delivery::guarantee>, {"exactly_once", "at_least_once"}},
       "exactly_once", false,
       "exactly_once uses Kafka transactions; read the output with isolation.level=read_committed."},
      {"delivery.commit_interval", Duration{at<&S::delivery, &S::Delivery::commit_interval>, Millis{1}, Millis{30'000}},
       "100ms", false, "Longest time a batch is collected; rules the latency."},
      {"delivery.max_batch", Integer{at<&S::delivery, &S::Delivery::max_batch>, 1, 1'000'000}, "100000", false,
       "Most messages in a batch."},
      {"delivery.max_batch_bytes", Size{at<&S::delivery, &S::Delivery::max_batch_bytes>, 1024, gib}, "32MiB", false,
       "A batch that has reached this many bytes of keys and values is complete."},
      {"run.slots", Integer{at<&S::run, &S::Run::slots>, 1, 1}, "1", false,
       "Consumer-producer-store triples in this process; this version has one."},
      {"run.instance", Text{at<&S::run, &S::Run::instance>}, "", false,
       "Stable name of this process within the group; makes group.instance.id and transactional.id. Empty: made once "
       "and kept in the store."},
      {"http.listen", Text{at<&S::http, &S::Http::listen>}, "127.0.0.1:9464", false,
       "HOST:PORT at which /metrics, /status, /status.json and the probes are answered over HTTP; [ADDRESS]:PORT for "
       "IPv6, port "
       "0 "
       "for any free one, which the log names. Empty: nowhere."},
      {"http.probe_listen", Text{at<&S::http, &S::Http::probe_listen>}, "", false,
       "HOST:PORT at which /livez, /readyz and /startupz alone are answered, so that no other client can keep them "
       "busy. "
       "Empty: they are answered at http.listen."},
      {"http.token_file", Text{at<&S::http, &S::Http::token_file>}, "", false,
       "File with a token: everything but the probes then needs the header 'Authorization: Bearer TOKEN'. Read at "
       "start and by every reload. Empty: no token is asked for."},
      {"http.tls.certificate", Text{at<&S::http, &S::Http::tls_certificate>}, "", false,
       "File with a certificate in PEM, followed by those that lead to its authority. http.listen then speaks TLS 1.2 "
       "or 1.3 and no plain HTTP, probes included unless http.probe_listen, which stays plain, has them. Read at start "
       "and by every reload. Empty: no TLS."},
      {"http.tls.key", Text{at<&S::http, &S::Http::tls_key>}, "", false,
       "File with the certificate's private key in PEM, not encrypted. Read when the certificate is."},
      {"log.level", Choice{at<&S::log, &S::Log::level>, {"debug", "info", "warning", "error"}}, "info", false,
       "Least important lines logged."},
      {"log.format", Choice{at<&S::log, &S::Log::format>, {"text", "json"}}, "text", false,
       "Lines for people, or one JSON object per line."},
  };
}

/// What `firstseen reload` gives a running daemon. Everything else is part of its identity, of the store's, or of a
/// client that would have to be made anew.
constexpr std::array<std::string_view, 13> live_options{
    "duplicates.route", "duplicates.topic", "rejects.route",     "rejects.topic",        "key.rules[].ttl",
    "window.ttl",       "http.listen",      "http.probe_listen", "http.tls.certificate", "http.tls.key",
    "http.token_file",  "log.level",        "log.format"};

void mark_live(std::vector<Option>& all) {
  for (Option& option : all) option.live = std::ranges::find(live_options, option.path) != live_options.end();
}

struct Later {
  std::string_view path;
  std::string_view text;
};
constexpr std::array<Later, 1> later{{{"log.payloads", "payloads are never logged"}}};

}  // namespace

std::span<const Option> options() {
  static const std::vector<Option> all = [] {
    std::vector<Option> joined;
    for (auto* part : {&kafka_options, &topic_options, &key_options, &window_options, &run_options}) {
      for (Option& option : (*part)()) joined.push_back(std::move(option));
    }
    mark_live(joined);
    return joined;
  }();
  return all;
}

std::span<const Option> rule_options() {
  static const std::vector<Option> all = [] {
    auto made = make_rule_options();
    mark_live(made);
    return made;
  }();
  return all;
}

const Option* find_option(std::string_view path) {
  for (const auto all : {options(), rule_options()}) {
    for (const Option& option : all) {
      if (option.path == path) return &option;
    }
  }
  return nullptr;
}

bool is_section(std::string_view path) {
  const std::string prefix = std::string(path) + ".";
  const auto below = [&](const Option& option) { return option.path.starts_with(prefix); };
  return std::ranges::any_of(options(), below) || std::ranges::any_of(rule_options(), below);
}

std::string_view not_in_this_version(std::string_view path) {
  for (const Later& item : later) {
    if (item.path == path) return item.text;
  }
  return {};
}

std::string type_name(const Kind& kind) {
  struct Namer {
    std::string operator()(const Text&) const { return "text"; }
    std::string operator()(const Choice& c) const { return fmt::format("one of {}", fmt::join(c.allowed, " | ")); }
    std::string operator()(const TextList&) const { return "list of texts"; }
    std::string operator()(const PartList&) const { return "list of key parts"; }
    std::string operator()(const RuleList&) const { return "list of rules"; }
    std::string operator()(const TextMap&) const { return "mapping of texts"; }
    std::string operator()(const Boolean&) const { return "true | false"; }
    std::string operator()(const Integer&) const { return "whole number"; }
    std::string operator()(const Duration&) const { return "duration"; }
    std::string operator()(const Size&) const { return "size"; }
  };
  return std::visit(Namer{}, kind);
}

}  // namespace firstseen::config
