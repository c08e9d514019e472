#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/histogram.h"
#include "base/message.h"

namespace firstseen::store {

/// For SeenStore::save_index(), where nobody is in a hurry.
inline constexpr Millis index_save_time{7000};

/// What a crash of the machine may cost. A crash of the process alone never costs anything.
enum class Durability {
  power_loss,     ///< fsync at every prepare: nothing prepared is lost
  process_crash,  ///< no fsync: after power loss the store is verified, and what cannot be verified is discarded
};

/// Identifies one batch for ever: `sequence` grows by one per batch of a store, `owner` is random per opening of the
/// store, so that two copies of one store never make the same id.
struct BatchId {
  std::uint64_t sequence = 0;
  std::uint64_t owner = 0;

  auto operator<=>(const BatchId&) const = default;
};

/// The last message of a partition that a batch holds; tells one log from another (topic made anew, truncation).
struct LastMessage {
  std::int64_t offset = -1;  ///< -1: none yet
  std::int64_t timestamp_ms = -1;
  std::uint64_t checksum = 0;  ///< XXH3-64 of key and value, see dedup::message_checksum

  bool operator==(const LastMessage&) const = default;
};

/// What the store knows of one input partition.
struct PartitionState {
  std::int64_t next_offset = 0;      ///< the first offset that no batch of this store holds
  std::int64_t stream_time_ms = -1;  ///< highest (clipped) message timestamp seen; -1: none yet
  std::int64_t covered_from_ms = 0;  ///< the history of this partition is complete from this stream time on
  LastMessage last;

  bool operator==(const PartitionState&) const = default;
};

/// One partition's share of a batch: offsets [start, end) and the partition's state before and after it. A rollback
/// restores `before`; nothing means that the store did not know the partition.
struct SourceRange {
  TopicPartition tp;
  std::int64_t start = 0;
  std::int64_t end = 0;
  PartitionState after;                  ///< after.next_offset == end
  std::optional<PartitionState> before;  ///< filled by prepare(); callers leave it empty
};

enum class EntryKind : std::uint8_t {
  seen,
  forgotten,  ///< a tombstone: earlier entries of this digest no longer count (`firstseen store forget`)
};

/// An entry: a digest's first-seen message.
struct Entry {
  Digest digest;
  std::uint32_t range = 0;   ///< index into the batch's ranges; ignored for tombstones
  std::int64_t offset = 0;   ///< of the message first seen; ignored for tombstones
  std::int64_t time_ms = 0;  ///< its partition's stream time at the decision
  EntryKind kind = EntryKind::seen;
  std::uint8_t window = 0;  ///< index into the store's windows; ignored for tombstones, and not told by views
};

/// Why a key counts as seen.
struct Found {
  std::int64_t time_ms = 0;
  std::int64_t offset = 0;
  std::uint32_t range = 0;  ///< staged: index into the current batch's ranges
  bool staged = false;      ///< found in the current batch, not yet prepared
  /// Empty topic when staged. Valid until the store is changed otherwise than by staging.
  TopicPartitionView source;
};

/// The last prepared batch, when its outcome is not known to the store.
struct UndecidedBatch {
  BatchId id;
  std::vector<SourceRange> ranges;
};

/// A value that belongs to the store for life, e.g. {"key", fingerprint and description} or {"cluster", id}.
struct Pin {
  std::string name;
  std::string value;
  std::string shown = {};  ///< stands for the value, not kept, where a difference is reported; empty: the value
};

/// Keys that are remembered for a time of their own. The caller sees to it that keys of different windows never meet:
/// a digest belongs to one window for ever.
struct Window {
  std::string name;
  Millis ttl{0};

  bool operator==(const Window&) const = default;
};

/// Logs that a store may have: windows with one ttl when the store is made share one.
inline constexpr std::size_t most_logs = 16;
/// Entry::window is a byte.
inline constexpr std::size_t most_windows = 256;

struct OpenOptions {
  std::filesystem::path directory;  ///< created if absent
  std::uint64_t max_size_bytes = 64ULL << 30U;
  Durability durability = Durability::power_loss;
  Millis ttl{24LL * 3600 * 1000};
  /// In the order of Entry::window; empty: one, of `ttl`. Once the store has held a batch, their names and their order
  /// stay as they are (Exit::config); each ttl may be another one at every opening.
  std::vector<Window> windows = {};
  const Clock* clock = nullptr;  ///< for `created`; must outlive the store; default: the machine's
  std::string boot_id = {};      ///< the kernel's; empty: read from /proc. Tests inject it.
  /// What the store must belong to, compared before anything is changed, then pinned.
  std::vector<Pin> pins = {};
};

/// One log of a store.
struct LogStats {
  std::vector<std::string> windows;  ///< whose keys it holds, by name
  Millis ttl{0};                     ///< the longest of them
  std::uint64_t live_entries = 0;
  std::uint64_t live_records = 0;
  std::int64_t oldest_time_ms = -1;
  std::int64_t newest_time_ms = -1;
  std::int64_t swept_before_ms = -1;
  std::int64_t removed_before_ms = -1;
  std::int64_t evicted_before_ms = -1;
  std::uint64_t expired_entries = 0;
  std::uint64_t evicted_entries = 0;
};

/// Of all logs together; of the times the lowest, or the highest, of any log. `logs` tells them apart.
struct Stats {
  std::uint64_t live_entries = 0;
  std::uint64_t live_records = 0;
  std::uint64_t used_bytes = 0;  ///< pages in use in the environment
  std::uint64_t file_bytes = 0;  ///< size of the data file
  std::uint64_t max_size_bytes = 0;
  std::uint64_t index_bytes = 0;      ///< memory of the position index, and of what is known of each record
  std::int64_t oldest_time_ms = -1;   ///< smallest of the oldest record; -1: empty
  std::int64_t newest_time_ms = -1;   ///< largest of the newest record
  std::int64_t swept_before_ms = -1;  ///< the highest horizon ever swept by expiry; -1: never
  /// What expiry has really removed is older than this, and so is what a sweep would have met, had it not gone early or
  /// never been recorded; never above swept_before_ms. -1: nothing.
  std::int64_t removed_before_ms = -1;
  std::int64_t evicted_before_ms =
      -1;  ///< entries up to here went early (max_size, a shorter ttl then, discarded after power loss); -1: none
  std::uint64_t expired_entries = 0;             ///< since this store was opened
  std::uint64_t evicted_entries = 0;             ///< since this store was opened
  std::vector<LogStats> logs = {};               ///< empty where the store has the one window of OpenOptions::ttl
  std::vector<std::uint8_t> log_of_window = {};  ///< by Entry::window, index into `logs`; empty likewise
  std::uint64_t map_bytes = 0;                   ///< the size that the data file can reach
  std::int64_t disk_free_bytes = -1;             ///< on its file system, for this process; -1: not known
  std::uint64_t false_positives = 0;  ///< lookups that the index led to another key; since this store was opened
  Histogram flushes = {};             ///< seconds of commits that waited for the disk (power_loss); likewise
  /// The longest that one batch, prepared or dropped, waited for the index to change its size; likewise.
  std::chrono::nanoseconds longest_growth{0};
};

/// The set of keys seen within the window: an LMDB environment with the batch log, and the position index in memory.
///
/// The invariant: the store holds exactly the first-seen entries of the batches that it committed. At most the last
/// prepared batch is undecided. One process holds an environment at a time (file lock; a second one gets
/// Exit::try_again), and every write transaction checks that the owner id in the environment is still this process's
/// (otherwise Action::stop). For one thread, the first that uses it; debug builds check that. Not for a forked child,
/// which does not hold the lock. Failures of prepare, settle and roll_back leave the store as it was: Action::pause for
/// disk full, map full, a read-only file system and I/O errors. Should a commit not be readable afterwards
/// (Action::stop), the object writes nothing more, and the next open finds that batch undecided.
///
/// The format is specified in lib/store/README.md.
class SeenStore {
 public:
  /// Opens or creates the store, with the index that a clean stop left or one read from the log. Fails without changing
  /// anything: directory not writable (Exit::io or config), locked (try_again), not a store, newer format (config).
  /// What was repaired or discarded after power loss is in open_report().
  static Result<std::unique_ptr<SeenStore>> open(const OpenOptions& options);

  virtual ~SeenStore() = default;
  SeenStore() = default;
  SeenStore(const SeenStore&) = delete;
  SeenStore& operator=(const SeenStore&) = delete;
  SeenStore(SeenStore&&) = delete;
  SeenStore& operator=(SeenStore&&) = delete;

  /// 32 hexadecimal digits, random, made with the store.
  [[nodiscard]] virtual std::string id() const = 0;
  /// One line per thing a person should know about this start (effective durability, discarded window, index built).
  [[nodiscard]] virtual const std::vector<std::string>& open_report() const = 0;
  /// What this start found lost of the window (after power loss), how much is left and what to do: a warning. Empty:
  /// nothing is lost.
  [[nodiscard]] virtual const std::string& open_loss() const = 0;

  /// Pins each value on first use; a different value later fails with Exit::config and names what differs, old and new.
  virtual Result<void> pin(std::span<const Pin> pins) = 0;
  [[nodiscard]] virtual std::optional<std::string> pinned(const std::string& name) const = 0;
  /// Other ttls from now on, as the next opening could bring them: one LMDB commit. `windows`: one for each of
  /// OpenOptions::windows, in their order; empty: the only window has `ttl`. What left under a shorter ttl then counts
  /// as gone early.
  virtual Result<void> set_ttls(Millis ttl, std::span<const Millis> windows) = 0;
  /// A free text kept in the store (e.g. the generated instance name); pin() without the check.
  virtual Result<void> set_note(const std::string& name, const std::string& value) = 0;
  [[nodiscard]] virtual std::optional<std::string> note(const std::string& name) const = 0;

  /// Every partition the store knows, as of the last prepared batch.
  [[nodiscard]] virtual const std::map<TopicPartition, PartitionState>& partitions() const = 0;

  // --- lookup and staging: memory only; also while the batch before is undecided ---

  /// Is there a live entry of this digest, newer than its last tombstone, with |now_ms - time| <= ttl of its window? Of
  /// several, the one nearest in time. Sees prepared batches and staged entries.
  [[nodiscard]] virtual std::optional<Found> find(const Digest& digest, std::int64_t now_ms,
                                                  std::uint8_t window) const = 0;
  [[nodiscard]] std::optional<Found> find(const Digest& digest, std::int64_t now_ms) const {
    return find(digest, now_ms, 0);
  }
  /// Adds an entry to the batch being built; find() sees it at once. A tombstone is for every window: one in each log.
  virtual void stage(const Entry& entry) = 0;
  /// For each message, in order: found[i] = find(digest, time_ms, window); when there is none, or with `refresh`,
  /// stages it. So a message finds those before it. `found` has the messages' size; whatever it holds is overwritten.
  virtual void decide(std::span<const Entry> messages, bool refresh, std::span<std::optional<Found>> found) = 0;
  [[nodiscard]] virtual std::size_t staged() const = 0;
  /// Forgets what was staged.
  virtual void drop_staged() = 0;

  // --- one batch: prepare, then settle or roll_back ---

  /// The id that the next prepare() will use.
  [[nodiscard]] virtual BatchId next_batch() const = 0;
  /// One LMDB commit: appends the staged entries as one checksummed record per log with the ranges, moves the
  /// partitions to `after`, counts the previous batch as settled for good, and removes whole records all of whose
  /// entries are older than `expire_before_ms` (INT64_MIN: nothing) or that must go for max_size. Only settled records
  /// are ever removed. `expire_before_ms` is the horizon of the longest window; that of another is nearer to the
  /// present by what its ttl is shorter. `decided`: the batch is history from the start (rebuilding, forgetting): never
  /// undecided, no outcome is waited for. Precondition: no undecided batch.
  virtual Result<BatchId> prepare(std::span<const SourceRange> ranges, std::int64_t expire_before_ms, bool decided) = 0;
  /// The last prepared batch, if it is undecided: after prepare() until settle() or roll_back(), and after open().
  [[nodiscard]] virtual std::optional<UndecidedBatch> undecided() const = 0;
  /// The undecided batch stands. Memory only: the next prepare, note_settled or close_clean writes it down.
  virtual void settle() = 0;
  /// Writes down, in one LMDB commit, that the last batch is settled, if it is and no other has said so.
  virtual Result<void> note_settled() = 0;
  /// The undecided batch falls: one LMDB commit cuts its record off and restores its partitions' states.
  virtual Result<void> roll_back() = 0;

  /// Writes down that everything is settled and syncs. Without it (a crash) the next open finds the last batch
  /// undecided.
  virtual Result<void> close_clean() = 0;
  /// After close_clean(): leaves the index beside the environment, so that the next open() need not read the log. It
  /// takes about 10 bytes of disk per key until then. Gives up when it would take longer than `at_most`. Never a
  /// failure of the stop; the result is a line for the log that says what came of it.
  virtual std::string save_index(Millis at_most) = 0;

  /// For each window, by Entry::window, what stats() tells as removed_before_ms of its log, from memory.
  virtual void removed_before(std::vector<std::int64_t>& by_window) const = 0;

  /// However long the log is, it asks LMDB and the file system a few questions.
  [[nodiscard]] virtual Stats stats() const = 0;
};

}  // namespace firstseen::store
