#include "configuration.h"

#include <fmt/format.h>
#include <sys/un.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "config/endpoint.h"
#include "config/load.h"
#include "kafka/properties.h"
#include "key/deriver.h"
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

key::KeySpec key_spec(const config::Settings& settings) {
  const config::Settings::Key& s = settings.key;
  key::KeySpec spec;
  spec.strategy = s.strategy;
  spec.name_space = s.name_space;
  spec.scope = chosen<key::Scope>(
      {{"none", key::Scope::none}, {"topic", key::Scope::topic}, {"topic_partition", key::Scope::topic_partition}},
      s.scope);
  for (std::size_t i = 0; i < s.fields.size(); ++i) {
    const config::KeyPart& part = s.fields[i];
    const std::string path = fmt::format("key.fields[{}]", i);
    std::optional<key::OnMissing> own;
    if (!part.on_missing.empty()) own = on_missing(part.on_missing);
    const std::string as_text = settings.reference(path);
    spec.fields.push_back({part.part, own, as_text.empty() ? settings.reference(path + ".part") : as_text});
  }
  spec.digest = chosen<key::DigestAlgorithm>({{"sha256", key::DigestAlgorithm::sha256},
                                              {"sha512", key::DigestAlgorithm::sha512},
                                              {"blake2b512", key::DigestAlgorithm::blake2b512},
                                              {"xxh3_128", key::DigestAlgorithm::xxh3_128}},
                                             s.digest);
  spec.on_missing = on_missing(s.on_missing);
  spec.context_user = s.context_user;
  spec.context_session = s.context_session;
  spec.include_user = s.include_user;
  spec.include_session = s.include_session;
  spec.exclude = s.exclude;
  spec.template_text = s.template_text;
  spec.shown = {.name_space = settings.reference("key.namespace"),
                .context_user = settings.reference("key.context.user"),
                .context_session = settings.reference("key.context.session"),
                .exclude = {},
                .template_text = settings.reference("key.template")};
  for (std::size_t i = 0; i < s.exclude.size(); ++i) {
    spec.shown.exclude.push_back(settings.reference(fmt::format("key.exclude[{}]", i)));
  }
  return spec;
}

kafka::Guarantee guarantee(const config::Settings& s) {
  return chosen<kafka::Guarantee>(
      {{"exactly_once", kafka::Guarantee::exactly_once}, {"at_least_once", kafka::Guarantee::at_least_once}},
      s.delivery.guarantee);
}

/// Without instance_id and transactional_id.
kafka::ClientOptions client_options(const config::Settings& s) {
  kafka::ClientOptions o;
  o.brokers = s.kafka.brokers;
  o.properties = s.kafka.properties;
  o.group = s.input.group;
  o.guarantee = guarantee(s);
  o.compression = s.output.compression;
  o.prefetch_bytes = s.kafka.prefetch_bytes;
  o.commit_interval = s.delivery.commit_interval;
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
  return {.listen = endpoint(s.listen), .probe_listen = endpoint(s.probe_listen), .token_file = s.token_file};
}

/// Each part by itself first, so that its error stands at its place; then the key as a whole.
void check_key(const config::Settings& settings, config::Problems& problems) {
  const key::KeySpec spec = key_spec(settings);
  const auto check = [&](const key::KeySpec& candidate, const std::string& path) {
    const auto made = key::Deriver::make(candidate);
    if (!made) problems.add(path, made.error().message);
    return made.has_value();
  };
  bool sound = true;
  const auto check_part = [&](const key::PartSpec& part, const std::string& path) {
    key::KeySpec single;
    single.fields = {part};
    sound = check(single, path) && sound;
  };
  for (std::size_t i = 0; i < spec.fields.size(); ++i) check_part(spec.fields[i], fmt::format("key.fields[{}]", i));
  if (!spec.context_user.empty()) check_part({spec.context_user, {}, spec.shown.context_user}, "key.context.user");
  if (!spec.context_session.empty()) {
    check_part({spec.context_session, {}, spec.shown.context_session}, "key.context.session");
  }
  for (std::size_t i = 0; i < spec.exclude.size(); ++i) {
    key::KeySpec single;
    single.strategy = "hash";
    single.exclude = {spec.exclude[i]};
    single.shown.exclude = {spec.shown.exclude[i]};
    sound = check(single, fmt::format("key.exclude[{}]", i)) && sound;
  }
  if (sound) check(spec, spec.strategy == "template" ? "key.template" : "key");
}

void check_properties(const config::Settings& settings, config::Problems& problems) {
  const auto refused = kafka::check_properties(settings.kafka.properties);
  for (const auto& [name, why] : refused) problems.add_quoted(settings, "kafka.properties." + name, why);
  if (!refused.empty() || settings.kafka.properties.empty()) return;
  if (const auto wrong = kafka::check_combination(client_options(settings))) {
    problems.add_quoted(settings, wrong->name.empty() ? "kafka.properties" : "kafka.properties." + wrong->name,
                        wrong->text);
  }
}

/// The coordinator aborts a transaction that is open for longer than its timeout.
void check_commit_interval(const config::Settings& settings, config::Problems& problems) {
  const Millis timeout = kafka::transaction_timeout(settings.kafka.properties);
  if (guarantee(settings) != kafka::Guarantee::exactly_once || settings.delivery.commit_interval <= timeout / 2) return;
  problems.add("delivery.commit_interval",
               fmt::format("is more than half of kafka.properties' transaction.timeout.ms ({} ms): a batch could be "
                           "aborted before it is complete; shorten the interval or raise the timeout",
                           timeout.count()));
}

void check_batch_fits(const config::Settings& settings, config::Problems& problems) {
  constexpr std::uint64_t entry_bytes = 20;
  constexpr std::uint64_t slack_bytes = 1ULL << 20U;  // LMDB's own pages, the batch's ranges
  const std::uint64_t needed = settings.delivery.max_batch * entry_bytes + slack_bytes;
  if (needed <= settings.store.max_size) return;
  problems.add("delivery.max_batch",
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

Result<config::Settings> load_settings(const std::filesystem::path& file) {
  return config::load(file, {check_key, check_properties, check_commit_interval, check_batch_fits, check_store_path});
}

Configuration configure(const config::Settings& settings) {
  Configuration c;
  c.store_path = settings.store.path;
  c.key = key_spec(settings);
  c.store.max_size_bytes = settings.store.max_size;
  c.store.durability = chosen<store::Durability>(
      {{"power_loss", store::Durability::power_loss}, {"process_crash", store::Durability::process_crash}},
      settings.store.durability);
  c.store.ttl = settings.window.ttl;
  c.slot = slot_options(settings);
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

Result<Configuration> load_configuration(const std::filesystem::path& file) {
  const auto settings = load_settings(file);
  if (!settings) return forward(settings.error());
  return configure(*settings);
}

}  // namespace firstseen
