#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "store/child_process.h"
#include "store/io_advice.h"
#include "store/log_store.h"
#include "store/salvage.h"

namespace firstseen::store {
namespace {

constexpr std::uint64_t least_max_size = 64ULL << 10U;

/// How the index came at the last start, for `firstseen store stats`.
constexpr const char* index_note = "index";

std::uint64_t random_64() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

/// Freed pages can be used again two commits later, and free runs may be too short for a record: the map has this much
/// beyond max_size. It is address space, not disk.
std::uint64_t map_bytes(std::uint64_t max_size) {
  constexpr std::uint64_t granule = 1ULL << 20U;
  const std::uint64_t bytes = max_size + max_size / 8 + (8ULL << 20U);
  return (bytes + granule - 1) / granule * granule;
}

Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  const auto parents = parents_of_missing(directory);
  std::filesystem::create_directories(directory, error);
  std::error_code unknown;
  if (!error || std::filesystem::exists(directory, unknown)) return sync_directories(parents);
  return fail(Exit::io, fmt::format("store: cannot make the directory {}: {}; {}", directory.string(), error.message(),
                                    io_advice(error.value(),
                                              "make it beforehand or give the user of this process write access")));
}

tl::unexpected<Error> lacks_databases(const std::filesystem::path& directory) {
  return fail(Exit::config, fmt::format("{} is not a store of this program: its data.mdb lacks our databases. Nothing "
                                        "was changed; set store.path to a directory of its own",
                                        directory.string()));
}

/// A data file that came without our lock file (a restored backup, or another program's): a look at its databases
/// before any file is made beside it. One that power loss may have torn is looked at in a child process; what is wrong
/// with it beside that the salvage finds out.
Result<void> check_databases(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (!has_data(directory) || std::filesystem::exists(directory / owner_file, ignored)) return {};
  const bool may_be_torn = !UnsyncedMark::read(directory).empty();
  const auto look = [&]() -> Result<void> {
    const auto env = Env::open({.directory = directory,
                                .read_only = true,
                                .without_lock = true,
                                .may_be_cut = may_be_torn,
                                .unregistered = true,
                                .databases = Tables::names()});
    if (!env && may_be_torn && env.error().exit == Exit::config) return {};  // its head was ours, a meta page is not
    if (!env) return forward(env.error());
    return Tables::of(**env) ? Result<void>{} : lacks_databases(directory);
  };
  if (!may_be_torn) return look();
  const auto crash = run_in_child(look);
  return crash || crash.error().exit == Exit::bad_data ? Result<void>{} : forward(crash.error());
}

}  // namespace

LogStore::LogStore(const OpenOptions& options, const LogLimits& limits, OwnerLock lock)
    : options_(options), limits_(limits), lock_(std::move(lock)) {}

Result<std::unique_ptr<LogStore>> LogStore::open(const OpenOptions& options, const LogLimits& limits) {
  if (options.max_size_bytes < least_max_size) {
    return fail(Exit::config,
                fmt::format("store.max_size is {} bytes: {} is the least", options.max_size_bytes, least_max_size));
  }
  if (auto made = make_directory(options.directory); !made) return forward(made.error());
  if (auto checked = check_is_store_or_empty(options.directory); !checked) return forward(checked.error());
  if (auto ours = check_databases(options.directory); !ours) return forward(ours.error());
  auto lock = OwnerLock::acquire(options.directory);
  if (!lock) return forward(lock.error());
  std::unique_ptr<LogStore> store(  // NOLINT(cppcoreguidelines-owning-memory): private constructor
      new LogStore(options, limits, std::move(*lock)));
  // Nothing is changed before it is known whose store it is, but for what a crash of the machine made unreadable.
  for (const auto step : {&LogStore::recover, &LogStore::open_environment, &LogStore::load, &LogStore::check_world,
                          &LogStore::arrange_windows, &LogStore::forget_saved_index, &LogStore::apply_durability,
                          &LogStore::make_logs, &LogStore::take_ownership, &LogStore::pin_world}) {
    if (auto done = (store.get()->*step)(); !done) return forward(done.error());
  }
  store->user_.hand_over();  // whoever uses it first
  return store;
}

/// Did the machine go down while commits were not synced? Then nothing is read before it is verified.
Result<void> LogStore::recover() {
  boot_id_ = options_.boot_id.empty() ? current_boot_id() : options_.boot_id;
  std::error_code ignored;
  std::filesystem::remove_all(options_.directory / salvage_folder, ignored);  // a crash during an earlier salvage
  const std::string mark = UnsyncedMark::read(options_.directory);
  if (mark.empty() || mark == boot_id_) return {};
  if (!has_data(options_.directory)) return UnsyncedMark::remove(options_.directory);
  const FileDescriptor childs = lock_.copy_for_child();  // if this process is killed, its child may be writing still
  auto report = salvage(options_.directory);
  if (!report) return forward(report.error());
  report_ = std::move(report->lines);
  loss_ = std::move(report->loss);
  return {};
}

Result<void> LogStore::open_environment() {
  const bool made_before = has_data(options_.directory);
  auto env = Env::open(
      {.directory = options_.directory, .map_bytes = map_bytes(options_.max_size_bytes), .databases = Tables::names()});
  if (!env) return forward(env.error());
  env_ = std::move(*env);
  if (const auto tables = Tables::of(*env_)) {
    tables_ = *tables;
    auto txn = Txn::begin(*env_, Txn::Mode::read);
    if (!txn) return forward(txn.error());
    auto meta = txn->stat(tables_.meta);
    if (!meta) return forward(meta.error());
    if (meta->ms_entries != 0) return {};
    return create_tables();  // a crash at the very first start
  }
  if (made_before && env_->last_transaction() != 0) return lacks_databases(options_.directory);
  return create_tables();
}

Result<void> LogStore::create_tables() {
  if (auto created = env_->create_databases(Tables::base_names()); !created) return created;
  // The file's name must be on disk before anything counts that stands in it.
  if (auto synced = sync_directory(options_.directory); !synced) return synced;
  tables_ = Tables::of(*env_).value_or(Tables{});
  auto txn = Txn::begin(*env_, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  Identity identity;
  identity.id = fmt::format("{:016x}{:016x}", random_64(), random_64());
  identity.created_ms = options_.clock == nullptr ? SystemClock().wall_ms() : options_.clock->wall_ms();
  auto done = write_identity(*txn, tables_, identity);
  if (done) done = write_log_state(*txn, tables_, LogState{});
  if (done) done = txn->commit();
  if (done) report_.push_back("new store " + identity.id);
  return done;
}

Result<void> LogStore::load() {
  auto txn = Txn::begin(*env_, Txn::Mode::read);
  if (!txn) return forward(txn.error());
  auto identity = read_identity(*txn, tables_);
  if (!identity) return forward(identity.error());
  auto state = read_log_state(*txn, tables_);
  if (!state) return forward(state.error());
  auto pins = read_texts(*txn, tables_, TextKind::pin);
  if (!pins) return forward(pins.error());
  auto notes = read_texts(*txn, tables_, TextKind::note);
  if (!notes) return forward(notes.error());
  auto rows = read_partitions(*txn, tables_);
  if (!rows) return forward(rows.error());
  identity_ = *identity;
  state_ = *state;
  pins_ = std::move(*pins);
  notes_ = std::move(*notes);
  for (const auto& [tp, row] : *rows) partitions_[tp] = row.state;
  auto reader = Reader::open(*env_);
  if (!reader) return forward(reader.error());
  reader_ = std::move(*reader);
  if (tables_.logs.size() < identity_.log_count()) {
    return fail(Exit::bad_data,
                fmt::format("store {} lacks a log: restore the directory from a backup, or delete it to "
                            "start on an empty store",
                            options_.directory.string()));
  }
  use_windows();
  add_logs(identity_.log_count());
  return load_records(*txn);
}

Result<void> LogStore::apply_durability() {
  if (options_.durability == Durability::power_loss) {
    report_.emplace_back("durability power_loss: every prepared batch is on disk before it counts");
    if (UnsyncedMark::read(options_.directory).empty()) return {};
    if (auto synced = env_->sync(); !synced) return synced;
    return UnsyncedMark::remove(options_.directory);
  }
  report_.emplace_back(
      "durability process_crash: commits are not synced; after power loss the store is verified at start");
  if (auto marked = mark_unsynced(); !marked) return marked;
  return env_->set_without_sync(true);
}

/// Before the first commit without fsync, once.
Result<void> LogStore::mark_unsynced() {
  if (options_.durability == Durability::power_loss || marked_unsynced_) return {};
  if (auto written = UnsyncedMark::write(options_.directory, boot_id_); !written) return written;
  marked_unsynced_ = true;
  return {};
}

Result<void> LogStore::take_ownership() {
  Identity identity = identity_;
  identity.owner = random_64();
  identity.durability = options_.durability;
  identity.ttl_ms = longest_ms_;
  identity.format = identity.windows.empty() ? plain_format : format_version;
  identity.max_size_bytes = options_.max_size_bytes;
  auto txn = Txn::begin(*env_, Txn::Mode::write);
  if (!txn) return forward(txn.error());
  const bool state_changed = std::exchange(state_changed_, false);
  auto done = write_identity(*txn, tables_, identity);
  if (done && state_changed) done = write_log_state(*txn, tables_, state_);
  if (done) done = write_text(*txn, tables_, TextKind::note, index_note, index_origin_);
  if (done) done = txn->commit();
  if (!done) return done;
  identity_ = identity;
  notes_[index_note] = index_origin_;
  return {};
}

}  // namespace firstseen::store
