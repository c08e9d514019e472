#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/hex.h"
#include "control/client.h"
#include "forgotten.h"
#include "ingest/ledger.h"
#include "key_argument.h"
#include "ledgers.h"
#include "operations.h"
#include "output.h"
#include "ownership.h"
#include "store/forget.h"
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
  bool as_json = false;
};

/// What to do about a batch that its owner left undecided.
using Decide = std::function<Result<void>(store::SeenStore&)>;

Result<void> append_tombstone(const std::filesystem::path& directory, const Digest& digest, const Decide& decide) {
  const auto facts = store::inspect(directory);
  if (!facts) return forward(facts.error());
  const SystemClock clock;
  auto opened = store::SeenStore::open({.directory = directory,
                                        .max_size_bytes = facts->stats.max_size_bytes,
                                        .durability = facts->durability,
                                        .ttl = facts->ttl,
                                        .windows = facts->windows,
                                        .clock = &clock,
                                        .boot_id = {}});
  if (!opened) return forward(opened.error());
  store::SeenStore& store = **opened;
  if (store.undecided()) {
    if (auto decided = decide(store); !decided) return decided;
  }
  if (auto forgotten = store::forget(store, digest); !forgotten) return forgotten;
  if (auto closed = store.close_clean(); !closed) return forward(closed.error());
  store.save_index(store::index_save_time);
  return {};
}

/// Appends the tombstone to a store that nobody holds, which stays its owner's.
Result<void> forget_in(const std::filesystem::path& directory, const Digest& digest, const Decide& decide) {
  const Ownership ownership(directory.parent_path());
  auto done = append_tombstone(directory, digest, decide);
  if (auto given = ownership.give(directory); !given && done) return given;
  return done;
}

Result<void> only_kafka_knows(store::SeenStore& /*store*/) {
  return fail(Exit::try_again,
              "the daemon that held this store was killed, and only Kafka knows whether its last batch stands: start "
              "the daemon, then ask it to forget");
}

/// By the daemon, if one is running.
Result<Forgotten> forget_message(const std::filesystem::path& path, const Digest& digest) {
  const auto answer =
      control::ask(control_socket(path), {{"command", "forget"}, {"digest", to_hex(digest.bytes)}}, forget_limit);
  if (answer) return Forgotten{.text = answer->get<std::string>()};
  if (answer.error().exit != Exit::unavailable) return forward(answer.error());
  // A daemon that lives but does not answer holds the lock: opening then fails with try_again.
  if (auto done = forget_in(slot_directory(path), digest, only_kafka_knows); !done) return forward(done.error());
  return Forgotten{.text = "forgotten: the next message with this key is published"};
}

/// Nothing closes the keys of a ledger: whether their last batch stands is what the ledger says.
Result<void> forget_ingested(const std::filesystem::path& keys, const Digest& digest) {
  const SystemClock clock;
  const auto ledger = ingest::Ledger::open((keys / "").parent_path().parent_path(), clock);
  if (!ledger) return forward(ledger.error());
  return forget_in(slot_directory(keys), digest, [&](store::SeenStore& store) -> Result<void> {
    const auto undecided = (*ledger)->undecided();
    if (!undecided) return forward(undecided.error());
    if (!undecided->empty()) {
      return fail(
          Exit::try_again,
          "whether the last batch of this ledger was published is not decided yet: run 'firstseen ingest' on it "
          "once, then forget");
    }
    const auto standing = (*ledger)->standing_keys();
    if (!standing) return forward(standing.error());
    if (*standing != store.undecided()->id) return store.roll_back();
    store.settle();
    return {};
  });
}

Result<Forgotten> forget_record(const FoundStore& found, const Digest& digest) {
  const bool of_filter = found.kind == StoreKind::filter;
  const auto done = of_filter ? forget_in(slot_directory(found.directory), digest, only_kafka_knows)
                              : forget_ingested(found.directory, digest);
  if (!done) return forward(done.error());
  return Forgotten{.text = of_filter ? "forgotten: the next line with this key is written"
                                     : "forgotten: the next record with this key is ingested"};
}

Result<Forgotten> forget_key(const ForgetArguments& arguments) {
  const auto found = find_store_of(arguments.key, arguments.target);
  if (!found) return forward(found.error());
  if (found->kind == StoreKind::operations) return forget_operation(found->directory, arguments.key.name);
  if (found->kind == StoreKind::ledger) return forget_file(found->directory, arguments.key.name);
  const auto digest = digest_of(arguments.key, arguments.target, *found);
  if (!digest) return forward(digest.error());
  return found->kind == StoreKind::seen ? forget_message(found->directory, *digest) : forget_record(*found, *digest);
}

Exit forget(const ForgetArguments& arguments) {
  const auto done = forget_key(arguments);
  if (!done) return report(done.error());
  return print(arguments.as_json ? to_text({{"forgotten", done->known}, {"detail", done->text}}) : done->text + "\n");
}

}  // namespace

void add_store_forget(CLI::App& store, Chosen& chosen) {
  auto* command = store.add_subcommand(
      "forget", "Let the next message or line with a key through again, a command run again, a file be ingested again");
  command->footer(
      "A running daemon does it between two batches. Any other store is opened here: no 'filter' or 'ingest' may hold\n"
      "it. What 'filter --keep-payload' kept stays until it expires.");
  const auto arguments = std::make_shared<ForgetArguments>();
  add_any_target(*command, {arguments, &arguments->target});
  add_key(*command, {arguments, &arguments->key});
  command->add_flag("--json", arguments->as_json, "Print JSON");
  command->callback([&chosen, arguments] { chosen = [arguments] { return forget(*arguments); }; });
}

}  // namespace firstseen
