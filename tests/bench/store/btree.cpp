#include <lmdb.h>

#include <array>
#include <cstring>

#include "bench/store/contestants.h"
#include "store/lmdb.h"

namespace firstseen::bench {
namespace {

using store::Txn;

class BtreeContestant final : public Contestant {
 public:
  BtreeContestant(const std::filesystem::path& directory, const Workload& workload)
      : workload_(workload), window_(static_cast<std::int64_t>(workload.window)) {
    std::filesystem::create_directories(directory);
    auto env = store::Env::open({.directory = directory,
                                 .map_bytes = workload.window * 256 + (1ULL << 30U),
                                 .without_sync = true,
                                 .databases = {}});
    if (!env) give_up(env.error().message);
    env_ = std::move(*env);
    const std::array<store::DatabaseName, 1> names = {store::DatabaseName{"seen", 0}};
    if (auto made = env_->create_databases(names); !made) give_up(made.error().message);
    seen_ = env_->database("seen").value_or(store::Dbi{});
  }

  void decide(std::span<const Message> messages, std::span<std::uint8_t> first_seen) override {
    Txn txn = begin(Txn::Mode::write);
    expire(txn, static_cast<std::uint64_t>(messages.front().time_ms));
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      auto known = txn.get(seen_, message.digest.bytes);
      if (!known) give_up(known.error().message);
      first_seen[i] = *known && message.time_ms - time_of(**known) <= window_ ? 0 : 1;
      if (first_seen[i] != 0) put(txn, message);
    }
    if (auto committed = txn.commit(); !committed) give_up(committed.error().message);
  }

  bool load(const Workload& workload) override {
    Txn txn = begin(Txn::Mode::write);
    for (const Message& message : left_by_filling(workload)) put(txn, message);
    if (auto committed = txn.commit(); !committed) give_up(committed.error().message);
    return true;
  }

  [[nodiscard]] Size size() const override {
    Txn txn = begin(Txn::Mode::read);
    const auto stat = txn.stat(seen_);
    if (!stat) give_up(stat.error().message);
    const std::uint64_t pages = stat->ms_branch_pages + stat->ms_leaf_pages + stat->ms_overflow_pages;
    return {.live = stat->ms_entries, .disk_bytes = pages * stat->ms_psize, .file_bytes = env_->file_bytes()};
  }

 private:
  [[nodiscard]] Txn begin(Txn::Mode mode) const {
    auto txn = Txn::begin(*env_, mode);
    if (!txn) give_up(txn.error().message);
    return std::move(*txn);
  }
  /// Removes the batch that has just fallen out of the window before message `first`. Which keys it had is told by the
  /// workload: in favour of the tree, which needs no second one by time for it.
  void expire(Txn& txn, std::uint64_t first) {
    if (first < workload_.window + workload_.batch) return;
    make_batch(workload_, first - workload_.window - workload_.batch, expired_);
    for (const Message& message : expired_) {
      auto known = txn.get(seen_, message.digest.bytes);
      if (!known) give_up(known.error().message);
      if (!*known || time_of(**known) != message.time_ms) continue;  // a duplicate, or accepted again since
      if (auto gone = txn.erase(seen_, message.digest.bytes); !gone) give_up(gone.error().message);
    }
  }
  static std::int64_t time_of(store::Bytes value) {
    std::int64_t time = 0;
    std::memcpy(&time, value.data(), sizeof time);
    return time;
  }
  void put(Txn& txn, const Message& message) const {
    const auto* time = reinterpret_cast<const std::uint8_t*>(&message.time_ms);
    auto put = txn.put(seen_, message.digest.bytes, {time, sizeof message.time_ms});
    if (!put) give_up(put.error().message);
  }

  const Workload workload_;
  const std::int64_t window_;
  std::vector<Message> expired_;
  std::shared_ptr<store::Env> env_;
  store::Dbi seen_;
};

}  // namespace

std::unique_ptr<Contestant> make_btree(const std::filesystem::path& directory, const Workload& workload) {
  return std::make_unique<BtreeContestant>(directory, workload);
}

std::string lmdb_version() { return mdb_version(nullptr, nullptr, nullptr); }

}  // namespace firstseen::bench
