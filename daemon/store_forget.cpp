#include <algorithm>
#include <limits>
#include <memory>

#include "base/clock.h"
#include "base/hex.h"
#include "control/client.h"
#include "key_argument.h"
#include "operations.h"
#include "output.h"
#include "store/inspect.h"
#include "store/seen_store.h"
#include "store_commands.h"
#include "store_layout.h"
#include "target.h"

namespace firstseen {
namespace {

constexpr Millis forget_limit{20'000};

struct ForgetArguments {
  Target target;
  KeyArgument key;
};

/// Appends the tombstone to a store that no daemon holds.
Result<std::string> forget_in(const std::filesystem::path& directory, const Digest& digest) {
  const auto facts = store::inspect(directory);
  if (!facts) return forward(facts.error());
  const SystemClock clock;
  auto opened = store::SeenStore::open({.directory = directory,
                                        .max_size_bytes = facts->stats.max_size_bytes,
                                        .durability = facts->durability,
                                        .ttl = facts->ttl,
                                        .clock = &clock,
                                        .boot_id = {}});
  if (!opened) return forward(opened.error());
  store::SeenStore& store = **opened;
  if (store.undecided()) {
    return fail(Exit::try_again,
                "the daemon that held this store was killed, and only Kafka knows whether its last batch stands: start "
                "the daemon, then ask it to forget");
  }
  store::Entry tombstone;
  tombstone.digest = digest;
  tombstone.kind = store::EntryKind::forgotten;
  tombstone.time_ms = clock.wall_ms();
  for (const auto& [tp, state] : store.partitions()) {
    tombstone.time_ms = std::max(tombstone.time_ms, state.stream_time_ms);
  }
  store.stage(tombstone);
  const auto recorded = store.prepare({}, std::numeric_limits<std::int64_t>::min(), true);
  if (!recorded) return forward(recorded.error());
  if (auto closed = store.close_clean(); !closed) return forward(closed.error());
  store.save_index(store::index_save_time);
  return std::string("forgotten: the next message with this key is published");
}

Result<std::string> forget(const std::filesystem::path& path, const Digest& digest) {
  const auto answer =
      control::ask(control_socket(path), {{"command", "forget"}, {"digest", to_hex(digest.bytes)}}, forget_limit);
  if (answer) return answer->get<std::string>();
  // A daemon that lives but does not answer holds the lock: opening then fails with try_again.
  if (answer.error().exit == Exit::unavailable) return forget_in(slot_directory(path), digest);
  return forward(answer.error());
}

Exit forget_key(const ForgetArguments& arguments) {
  const auto path = store_path(arguments.target);
  if (!path) return report(path.error());
  if (const auto right = check_kind(arguments.key, *path); !right) return report(right.error());
  if (!arguments.key.operation.empty()) return forget_operation(*path, arguments.key.operation);
  const auto digest = digest_of(arguments.key, arguments.target);
  if (!digest) return report(digest.error());
  const auto done = forget(*path, *digest);
  if (!done) return report(done.error());
  return print(*done + "\n");
}

}  // namespace

void add_store_forget(CLI::App& store, Chosen& chosen) {
  auto* command =
      store.add_subcommand("forget", "Let the next message with a key be published again, or a command be run again");
  command->footer("A running daemon does it between two batches; without one the store is opened here.");
  const auto arguments = std::make_shared<ForgetArguments>();
  add_any_target(*command, {arguments, &arguments->target});
  add_key(*command, {arguments, &arguments->key});
  command->callback([&chosen, arguments] { chosen = [arguments] { return forget_key(*arguments); }; });
}

}  // namespace firstseen
