#include "configuration.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/topic_pattern.h"
#include "config/brokers.h"
#include "config/endpoint.h"
#include "config/load.h"
#include "kafka/properties.h"
#include "key/deriver.h"
#include "secrets.h"
#include "store_layout.h"

namespace firstseen {
namespace {

/// The value that a choice's text stands for; the loader has let no other text through.
template <class T>
T chosen(const std::map<std::string_view, T>& values, const std::string& text) {
  return values.at(text);
}

key::OnMissing on_missing(const std::string& text) {
  return chosen<key::OnMissing>(
      {{"reject", key::OnMissing::reject}, {"as_null", key::OnMissing::as_null}, {"pass", key::OnMissing::pass}}, text);
}

/// A list of parts at this path.
std::vector<key::PartSpec> part_specs(const config::Settings& settings, const std::vector<config::KeyPart>& parts,
                                      const std::string& path) {
  std::vector<key::PartSpec> specs;
  for (const config::KeyPart& part : parts) {
    const std::string at = fmt::format("{}[{}]", path, specs.size());
    std::optional<key::OnMissing> own;
    if (!part.on_missing.empty()) own = on_missing(part.on_missing);
    const std::string as_text = settings.reference(at);
    specs.push_back({part.part, own, as_text.empty() ? settings.reference(at + ".part") : as_text});
  }
  return specs;
}

/// What stands for each text of a list at this path, see KeySpec::Shown.
std::vector<std::string> references(const config::Settings& settings, std::size_t count, const std::string& path) {
  std::vector<std::string> shown;
  shown.reserve(count);
  for (std::size_t i = 0; i < count; ++i) shown.push_back(settings.reference(fmt::format("{}[{}]", path, i)));
  return shown;
}

/// What the key has, and every rule of it.
key::KeySpec common_spec(const config::Settings& settings) {
  const config::Settings::Key& s = settings.key;
  key::KeySpec spec;
  spec.name_space = s.name_space;
  spec.scope = chosen<key::Scope>(
      {{"none", key::Scope::none}, {"topic", key::Scope::topic}, {"topic_partition", key::Scope::topic_partition}},
      s.scope);
  spec.digest = chosen<key::DigestAlgorithm>({{"sha256", key::DigestAlgorithm::sha256},
                                              {"sha512", key::DigestAlgorithm::sha512},
                                              {"blake2b512", key::DigestAlgorithm::blake2b512},
                                              {"xxh3_128", key::DigestAlgorithm::xxh3_128}},
                                             s.digest);
  spec.on_missing = on_missing(s.on_missing);
  spec.shown.name_space = settings.reference("key.namespace");
  return spec;
}

void add_context(const config::Settings& settings, key::KeySpec& spec) {
  spec.context_user = settings.key.context_user;
  spec.context_session = settings.key.context_session;
  spec.shown.context_user = settings.reference("key.context.user");
  spec.shown.context_session = settings.reference("key.context.session");
}

/// A key or a rule's, which call their options the same.
template <class Source>
void add_strategy(const config::Settings& settings, const Source& s, const std::string& prefix, key::KeySpec& spec) {
  spec.strategy = s.strategy;
  spec.fields = part_specs(settings, s.fields, prefix + "fields");
  spec.include_user = s.include_user;
  spec.include_session = s.include_session;
  spec.exclude = s.exclude;
  spec.template_text = s.template_text;
  spec.shown.exclude = references(settings, s.exclude.size(), prefix + "exclude");
  spec.shown.template_text = settings.reference(prefix + "template");
}

std::optional<key::RuleCondition> condition(const config::Settings& settings, const config::KeyRule& rule,
                                            const std::string& prefix) {
  using Test = key::RuleCondition::Test;
  if (rule.fits_everything()) return std::nullopt;
  const auto made = [&](Test test, const std::string& text, const char* name) {
    return key::RuleCondition{rule.when_part, test, text, settings.reference(prefix + "when." + name)};
  };
  if (!rule.when_equals.empty()) return made(Test::equals, rule.when_equals, "equals");
  if (!rule.when_prefix.empty()) return made(Test::prefix, rule.when_prefix, "prefix");
  return made(Test::matches, rule.when_matches, "matches");
}

std::string rule_path(std::size_t rule) { return fmt::format("key.rules[{}]", rule); }

key::KeyRule key_rule(const config::Settings& settings, std::size_t number) {
  const config::KeyRule& rule = settings.key.rules[number];
  const std::string prefix = rule_path(number) + ".";
  key::KeyRule made{rule.name, condition(settings, rule, prefix), common_spec(settings)};
  if (!rule.on_missing.empty()) made.key.on_missing = on_missing(rule.on_missing);
  add_strategy(settings, rule, prefix, made.key);
  if (rule.strategy == "default" || rule.strategy == "hash") add_context(settings, made.key);
  return made;
}

key::KeySpec key_spec(const config::Settings& settings) {
  key::KeySpec spec = common_spec(settings);
  if (settings.key.rules.empty()) {
    add_strategy(settings, settings.key, "key.", spec);
    add_context(settings, spec);
  }
  for (std::size_t i = 0; i < settings.key.rules.size(); ++i) spec.rules.push_back(key_rule(settings, i));
  return spec;
}

Millis ttl_of(const config::Settings& settings, const config::KeyRule& rule) {
  return rule.ttl.count() == 0 ? settings.window.ttl : rule.ttl;
}

kafka::Guarantee guarantee(const config::Settings& s) {
  return chosen<kafka::Guarantee>(
      {{"exactly_once", kafka::Guarantee::exactly_once}, {"at_least_once", kafka::Guarantee::at_least_once}},
      s.delivery.guarantee);
}

/// Without instance_id and transactional_id.
kafka::ClientOptions client_options(const config::Settings& s) {
  kafka::ClientOptions o;
  for (const std::string& item : s.kafka.brokers) {
    for (std::string& broker : config::brokers_in(item)) o.brokers.push_back(std::move(broker));
  }
  o.properties = s.kafka.properties;
  for (const auto& [name, value] : s.kafka.properties) {
    const auto found = s.put_in.find("kafka.properties." + name);
    if (found != s.put_in.end()) o.put_in.emplace(name, found->second);
  }
  o.group = s.input.group;
  o.guarantee = guarantee(s);
  o.compression = s.output.compression;
  o.prefetch_bytes = s.kafka.prefetch_bytes;
  o.commit_interval = s.delivery.commit_interval;
  o.hidden_topics = std::ranges::any_of(s.input.topics, is_hidden_topic);  // then there is no pattern: config/checks.h
  return o;
}

dedup::SlotOptions slot_options(const config::Settings& s) {
  using namespace dedup;  // NOLINT(google-build-using-namespace): the tables below name little else
  SlotOptions o;
  o.topics = s.input.topics;
  o.start = chosen<StartAt>({{"earliest", StartAt::earliest}, {"latest", StartAt::latest}}, s.input.start);
  o.on_gap = chosen<OnGap>({{"stop", OnGap::stop}, {"skip", OnGap::skip}}, s.input.on_gap);
  o.on_missing_history = chosen<OnMissingHistory>(
      {{"rebuild", OnMissingHistory::rebuild}, {"warn", OnMissingHistory::warn}, {"stop", OnMissingHistory::stop}},
      s.input.on_missing_history);
  o.output_topic = s.output.topic;
  o.partitioner = chosen<Partitioner>({{"same", Partitioner::same}, {"key", Partitioner::key}}, s.output.partitioner);
  o.duplicates =
      chosen<DuplicateRoute>({{"drop", DuplicateRoute::drop}, {"topic", DuplicateRoute::topic}}, s.duplicates.route);
  o.duplicates_topic = s.duplicates.topic;
  o.rejects = chosen<RejectRoute>({{"stop", RejectRoute::stop},
                                   {"topic", RejectRoute::topic},
                                   {"drop", RejectRoute::drop},
                                   {"pass", RejectRoute::pass}},
                                  s.rejects.route);
  o.rejects_topic = s.rejects.topic;
  o.ttl = s.window.ttl;
  for (const config::KeyRule& rule : s.key.rules) o.rule_ttls.push_back(ttl_of(s, rule));
  o.clock = chosen<WindowClock>(
      {{"stream_time", WindowClock::stream_time}, {"wall_clock_time", WindowClock::wall_clock_time}}, s.window.clock);
  o.max_skew = s.window.max_skew;
  o.refresh_on_duplicate = s.window.refresh_on_duplicate;
  o.guarantee = guarantee(s);
  o.commit_interval = s.delivery.commit_interval;
  o.transaction_timeout = kafka::transaction_timeout(s.kafka.properties);
  o.max_batch = s.delivery.max_batch;
  o.max_batch_bytes = s.delivery.max_batch_bytes;
  return o;
}

/// The loader has let nothing through that is no endpoint.
std::optional<config::Endpoint> endpoint(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return config::parse_endpoint(text).value();
}

http::Options http_options(const config::Settings::Http& s) {
  http::Options o{
      .listen = endpoint(s.listen), .probe_listen = endpoint(s.probe_listen), .token_file = s.token_file, .tls = {}};
  if (!s.tls_certificate.empty()) o.tls = http::TlsFiles{.certificate = s.tls_certificate, .key = s.tls_key};
  return o;
}

/// Checks specifications and reports what is wrong.
class KeyChecker {
 public:
  explicit KeyChecker(config::Problems& problems) : problems_(problems) {}

  bool check(const key::KeySpec& candidate, const std::string& path) {
    const auto made = key::Deriver::make(candidate);
    if (!made) problems_.add(path, made.error().message);
    return made.has_value();
  }
  bool check_part(const key::PartSpec& part, const std::string& path) {
    key::KeySpec single;
    single.fields = {part};
    return check(single, path);
  }

 private:
  config::Problems& problems_;
};

/// Each part by itself first, so that its error stands at its place; then the key as a whole. `prefix`: of its options'
/// paths.
void check_one_key(const key::KeySpec& spec, const std::string& prefix, KeyChecker& checker) {
  bool sound = true;
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    sound = checker.check_part(spec.fields[i], fmt::format("{}fields[{}]", prefix, i)) && sound;
  }
  for (std::size_t i = 0; i < spec.exclude.size(); ++i) {
    key::KeySpec single;
    single.strategy = "hash";
    single.exclude = {spec.exclude[i]};
    single.shown.exclude = {spec.shown.exclude[i]};
    sound = checker.check(single, fmt::format("{}exclude[{}]", prefix, i)) && sound;
  }
  if (!sound) return;
  const std::string whole = prefix.substr(0, prefix.size() - 1);
  checker.check(spec, spec.strategy == "template" ? prefix + "template" : whole);
}

/// Of the test's text, unless the part is wrong.
void check_condition(const key::RuleCondition& condition, const std::string& prefix, KeyChecker& checker) {
  const auto with = [&](const key::RuleCondition& when) {
    key::KeySpec key;
    key.fields = {{"record_key", {}}};
    key::KeySpec probe;
    probe.rules = {{"rule", when, key}};
    return probe;
  };
  key::RuleCondition part_only = condition;
  part_only.test = key::RuleCondition::Test::equals;
  if (condition.part.empty() || !checker.check(with(part_only), prefix + "when.part")) return;
  checker.check(with(condition), prefix + "when.matches");
}

void check_key(const config::Settings& settings, config::Problems& problems) {
  const key::KeySpec spec = key_spec(settings);
  KeyChecker checker(problems);
  bool sound = true;
  const std::string user = settings.reference("key.context.user");
  const std::string session = settings.reference("key.context.session");
  if (!settings.key.context_user.empty()) {
    sound = checker.check_part({settings.key.context_user, {}, user}, "key.context.user") && sound;
  }
  if (!settings.key.context_session.empty()) {
    sound = checker.check_part({settings.key.context_session, {}, session}, "key.context.session") && sound;
  }
  if (spec.rules.empty() && sound) check_one_key(spec, "key.", checker);
  for (std::size_t i = 0; i < spec.rules.size(); ++i) {
    const std::string prefix = rule_path(i) + ".";
    if (sound) check_one_key(spec.rules[i].key, prefix, checker);
    if (spec.rules[i].when) check_condition(*spec.rules[i].when, prefix, checker);
  }
}

void check_properties(const config::Settings& settings, Secrets secrets, config::Problems& problems) {
  std::map<std::string, std::string> here = client_options(settings).properties;
  for (auto& [name, value] : here) {
    if (may_be_absent(value, secrets)) value.clear();
  }
  for (const auto& [name, why] : kafka::check_properties(here)) {
    problems.add_quoted(settings, "kafka.properties." + name, why);
  }
  for (const auto& [name, why] : kafka::named_twice(settings.kafka.properties)) {
    problems.add("kafka.properties." + name, why);
  }
}

/// After all that looks at single properties: a contradiction makes none of them unknown.
void check_contradictions(const config::Settings& settings, Secrets secrets, config::Problems& problems) {
  const std::string section = "kafka.properties";
  kafka::ClientOptions sound = client_options(settings);
  std::vector<std::string> left_out;
  std::erase_if(sound.properties, [&](const auto& property) {
    const bool absent = may_be_absent(property.second, secrets);
    if (!absent && !problems.reports(section + "." + property.first)) return false;
    left_out.push_back(property.first);
    return true;
  });
  if (sound.properties.empty()) return;
  for (const auto& [name, text] : kafka::contradictions(sound, left_out)) {
    problems.add_quoted(settings, name.empty() ? section : fmt::format("{}.{}", section, name), text);
  }
}

/// The coordinator aborts a transaction that is open for longer than its timeout.
void check_commit_interval(const config::Settings& settings, config::Problems& problems) {
  if (problems.reports("kafka.properties.transaction.timeout.ms")) return;
  const Millis timeout = kafka::transaction_timeout(settings.kafka.properties);
  if (guarantee(settings) != kafka::Guarantee::exactly_once || settings.delivery.commit_interval <= timeout / 2) return;
  problems.add_together(
      {"delivery.commit_interval", "delivery.guarantee", "kafka.properties"},
      fmt::format("is more than half of kafka.properties' transaction.timeout.ms ({} ms): a batch could be "
                  "aborted before it is complete; shorten the interval or raise the timeout",
                  timeout.count()));
}

void check_batch_fits(const config::Settings& settings, config::Problems& problems) {
  constexpr std::uint64_t entry_bytes = 20;
  constexpr std::uint64_t slack_bytes = 1ULL << 20U;  // LMDB's own pages, the batch's ranges
  const std::uint64_t needed = settings.delivery.max_batch * entry_bytes + slack_bytes;
  if (needed <= settings.store.max_size) return;
  problems.add_together(
      {"delivery.max_batch", "store.max_size"},
      fmt::format("a full batch takes up to {} bytes in the store, more than store.max_size ({} bytes): lower "
                  "the one or raise the other",
                  needed, settings.store.max_size));
}

void check_store_path(const config::Settings& settings, config::Problems& problems) {
  const std::size_t longest = sizeof sockaddr_un{}.sun_path - 1;
  const std::size_t length = control_socket(settings.store.path).native().size();
  if (length <= longest) return;
  problems.add("store.path", fmt::format("is {} characters too long for the control socket in it: a path to a Unix "
                                         "socket has {} at most",
                                         length - longest, longest));
}

}  // namespace

Result<config::Settings> load_settings(const std::filesystem::path& file, Secrets secrets) {
  const auto with = [secrets](auto check) {
    return [secrets, check](const config::Settings& settings, config::Problems& problems) {
      check(settings, secrets, problems);
    };
  };
  std::vector<config::Check> checks{
      check_key,        with(check_properties), check_commit_interval, with(check_contradictions),
      check_batch_fits, check_store_path};
  if (secrets == Secrets::check || secrets == Secrets::validate) checks.emplace_back(with(check_http_files));
  return config::load(file, checks, absent_of(secrets));
}

Configuration configure(const config::Settings& settings) {
  Configuration c;
  c.settings = settings;
  c.store_path = settings.store.path;
  c.key = key_spec(settings);
  c.store.max_size_bytes = settings.store.max_size;
  c.store.durability = chosen<store::Durability>(
      {{"power_loss", store::Durability::power_loss}, {"process_crash", store::Durability::process_crash}},
      settings.store.durability);
  c.slot = slot_options(settings);
  c.slot.advice.store = c.store_path;
  c.store.ttl = c.slot.longest_ttl();
  for (const config::KeyRule& rule : settings.key.rules) {
    c.store.windows.push_back({rule.name, ttl_of(settings, rule)});
  }
  c.client = client_options(settings);
  c.instance = settings.run.instance;
  c.http = http_options(settings.http);
  c.shown = config::dump(settings);
  c.log_level = chosen<LogLevel>({{"debug", LogLevel::debug},
                                  {"info", LogLevel::info},
                                  {"warning", LogLevel::warning},
                                  {"error", LogLevel::error}},
                                 settings.log.level);
  c.log_format = chosen<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}, settings.log.format);
  return c;
}

Result<Configuration> load_configuration(const std::filesystem::path& file, Secrets secrets) {
  const auto settings = load_settings(file, secrets);
  if (!settings) return forward(settings.error());
  Configuration configuration = configure(*settings);
  configuration.file = std::filesystem::absolute(file);
  configuration.slot.advice.config = configuration.file;
  return configuration;
}

}  // namespace firstseen
