#include "identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <random>
#include <vector>

#include "dedup/same_cluster.h"
#include "store_layout.h"

namespace firstseen {
namespace {

constexpr const char* instance_note = "instance";

std::string random_name() {
  std::random_device device;
  return fmt::format("{:08x}", device());
}

}  // namespace

Result<std::string> instance_name(store::SeenStore& store, const std::string& configured) {
  if (!configured.empty()) return configured;
  if (auto kept = store.note(instance_note)) return std::move(*kept);
  std::string name = random_name();
  if (auto written = store.set_note(instance_note, name); !written) return forward(written.error());
  return name;
}

std::string slot_name(const std::string& group, const std::string& instance) {
  return fmt::format("firstseen-{}-{}-0", group, instance);
}

std::vector<store::Pin> world_of(const Configuration& configuration, const key::Deriver& deriver) {
  std::vector<std::string> inputs = configuration.slot.topics;
  std::ranges::sort(inputs);
  return {{"key", deriver.fingerprint(), deriver.description()},
          {"group", configuration.client.group},
          {"input", fmt::format("{}", fmt::join(inputs, " "))},
          {"output", configuration.slot.output_topic}};
}

Result<std::unique_ptr<store::SeenStore>> open_own_store(const Configuration& configuration,
                                                         const key::Deriver& deriver, const Clock& clock,
                                                         const LogSink& log) {
  if (holds_environment(configuration.store_path)) {
    return fail(Exit::config,
                fmt::format("store {} is a store of operations (of `firstseen exec`): nothing was changed; "
                            "set store.path to a directory of its own",
                            configuration.store_path.string()));
  }
  store::OpenOptions options = configuration.store;
  options.directory = slot_directory(configuration.store_path);
  options.clock = &clock;
  options.pins = world_of(configuration, deriver);
  auto opened = store::SeenStore::open(options);
  if (!opened) return opened;
  log(LogLevel::info, fmt::format("store {} at {}", (*opened)->id(), options.directory.native()));
  for (const std::string& line : (*opened)->open_report()) log(LogLevel::info, line);
  if (const std::string& loss = (*opened)->open_loss(); !loss.empty()) log(LogLevel::warning, loss);
  return opened;
}

Result<void> pin_cluster(store::SeenStore& store, const std::string& cluster_id) {
  const store::Pin pin{dedup::cluster_pin, cluster_id};
  return store.pin({&pin, 1});
}

}  // namespace firstseen
