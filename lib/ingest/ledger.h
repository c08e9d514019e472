#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "ingest/ledger_records.h"
#include "store/directory.h"
#include "store/lmdb.h"

namespace firstseen::ingest {

/// What a worker may do with a file.
struct Claim {
  enum class Kind {
    ingest,   ///< it is this worker's until release(); read it, leaving out the first `skip_records`
    done,     ///< this content was ingested under this path
    alias,    ///< this content was ingested under `alias_of`; recorded
    busy,     ///< another worker has the same content in hand: ask again when it has finished
    changed,  ///< this path was ingested with another content, which the options forbid; nothing was changed
  } kind = Kind::ingest;
  std::uint64_t skip_records = 0;
  std::string alias_of;
  std::uint64_t abandoned_records = 0;  ///< of another content under this path that was published in part only
};

/// Which files have been ingested into one target, in an LMDB environment of its own. Every change is one synced
/// commit. One process holds it; its threads may share it. In a forked child everything but release() and
/// take_counted() fails with Exit::internal.
///
/// The invariant: a file's records count as ingested exactly if the batch that holds them was committed by the target.
/// Where the target is a topic, a batch is prepared here before its Kafka transaction commits, and the transaction
/// carries the batch's mark, so a batch whose outcome is unknown can be decided later. Where the target is an output
/// file, its length here decides: what a batch wrote beyond it never happened.
class Ledger {
 public:
  /// Opens or creates the ledger in `directory`/ledger. Fails without changing anything: not a ledger (Exit::config),
  /// held by another process (try_again), not writable (io).
  static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& directory, const Clock& clock);

  /// 32 hexadecimal digits, made with the ledger.
  [[nodiscard]] const std::string& id() const { return id_; }
  /// As it was opened.
  [[nodiscard]] std::filesystem::path directory() const { return env_->directory().parent_path(); }
  /// Where the records go; the first call fixes it, another value later is Exit::config.
  Result<void> pin_target(const std::string& target);

  /// Writes down the files that are new here, as pending.
  Result<void> add_pending(const std::vector<std::filesystem::path>& files);

  struct Candidate {
    std::string path;
    std::string sha256;
    std::uint64_t bytes = 0;
    std::string format;
  };
  Result<Claim> claim(const Candidate& candidate, bool may_be_changed);
  /// For the worker that has the content in hand, after trouble that may have settled some of it: where to go on. It
  /// stays in hand meanwhile, so that no other worker gets it.
  Result<Claim> claim_again(const Candidate& candidate);
  /// The file cannot be ingested now. What was ingested under its path before is not forgotten.
  Result<void> fail_file(const std::string& path, const std::string& error);
  /// Knows the file and its contents (the last one tried, the last one ingested) no longer: what comes with one of
  /// them, under any path but one that it was already recorded as an alias under, is ingested from its first record on.
  /// False: there is no such file. Exit::try_again while a batch of the content is undecided.
  Result<bool> forget(const std::string& path);
  /// Ends a claim: the content is in nobody's hand any more.
  void release(const std::string& sha256);

  struct Counted {
    std::uint64_t records = 0;
    std::uint64_t duplicates = 0;
  };
  /// What this process has made count of the content since it was last asked, whatever attempt or earlier process it
  /// is from; nothing: no batch.
  std::optional<Counted> take_counted(const std::string& sha256);

  // --- a batch of a topic ---

  /// Writes the batch down as undecided; the mark by which the transaction will be known. No batch of this worker may
  /// be undecided.
  Result<std::string> prepare(std::uint32_t worker, const Batch& batch);
  /// The prepared batch stands: its records count.
  Result<void> settle(std::uint32_t worker);
  /// The prepared batch falls, if there is one: it never was.
  Result<void> roll_back(std::uint32_t worker);

  struct Undecided {
    std::uint32_t worker = 0;
    std::string mark;
    Batch batch;
    std::int64_t prepared_ms = -1;
  };
  Result<std::vector<Undecided>> undecided();

  // --- a batch of an output file ---

  /// What is behind an output's length.
  enum class Behind {
    nothing,          ///< of this ledger's
    batch,            ///< perhaps a batch that does not count
    batch_and_claim,  ///< the same, in an output that bears the ledger's claim
  };
  struct Output {
    std::optional<std::uint64_t> length;  ///< up to which it counts; nothing before the first set_output_length()
    Behind behind = Behind::nothing;
    /// Where the batch behind the length ends at the latest: what is further on is another's. Nothing: not known, the
    /// first ledgers did not note it.
    std::optional<std::uint64_t> end = {};
  };
  Result<Output> output();
  /// Before the bytes of a batch up to there are written.
  Result<void> open_output(Behind behind, std::uint64_t end);
  /// The output counts up to there, and nothing is behind. It must be on disk.
  Result<void> set_output_length(std::uint64_t bytes);
  /// The batch counts, the output's length is now `length`, and nothing is behind. The output must be on disk.
  Result<void> commit_output(const Batch& batch, std::uint64_t length);

  /// The last batch of keys whose records count.
  Result<std::optional<store::BatchId>> standing_keys();

 private:
  struct Tables {
    store::Dbi meta, files, contents, workers;
  };
  Ledger(store::OwnerLock lock, std::shared_ptr<store::Env> env, const Tables& tables, const Clock& clock);
  Result<void> identify();
  Result<void> apply(store::Txn& txn, const Batch& batch);
  void note_counted(const Batch& batch);
  Result<void> put_output_length(store::Txn& txn, std::uint64_t bytes);
  Result<WorkerRecord> worker(store::Txn& txn, std::uint32_t number);
  Result<void> check_decided(store::Txn& txn, const std::string& sha256);
  struct Asking {
    bool may_be_changed = true;
    bool in_hand = false;  ///< the one who asks has the content
  };
  Result<Claim> claim_in(store::Txn& txn, const Candidate& candidate, const Asking& asking);
  Result<Claim> begin_in(store::Txn& txn, const Candidate& candidate, ContentRecord content, FileRecord file,
                         const std::string& before);
  [[nodiscard]] std::string mark_of(std::uint32_t worker, std::uint64_t sequence) const;

  [[nodiscard]] Result<void> check_is_ours() const;
  Result<store::Txn> begin_read();
  /// Runs `change` in a write transaction and commits it; under mutex_.
  Result<void> write(const std::function<Result<void>(store::Txn&)>& change);

  store::OwnerLock lock_;
  std::shared_ptr<store::Env> env_;
  const Tables tables_;
  const Clock& clock_;
  std::string id_;
  std::mutex mutex_;
  std::set<std::string> in_hand_;           ///< contents claimed by this process; guarded by mutex_
  std::map<std::string, Counted> counted_;  ///< by content; guarded by mutex_
};

}  // namespace firstseen::ingest
