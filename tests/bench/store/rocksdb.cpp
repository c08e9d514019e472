#include <fmt/format.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/version.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/store/contestants.h"

namespace firstseen::bench {
namespace {

void check(const rocksdb::Status& status) {
  if (!status.ok()) give_up("RocksDB: " + status.ToString());
}

rocksdb::Slice slice_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

rocksdb::Slice slice_of(const std::int64_t& time) { return {reinterpret_cast<const char*>(&time), sizeof time}; }

std::int64_t time_of(const rocksdb::Slice& value) {
  std::int64_t time = 0;
  std::memcpy(&time, value.data(), sizeof time);
  return time;
}

/// Of the bottom level: small enough that to rewrite one is no long work.
constexpr std::uint64_t bottom_file_bytes = 16ULL << 20U;

/// Compactions drop what is older than the horizon.
class Expiry final : public rocksdb::CompactionFilter {
 public:
  void set_horizon(std::int64_t time_ms) { horizon_ms_ = time_ms; }
  [[nodiscard]] bool Filter(int /*level*/, const rocksdb::Slice& /*key*/, const rocksdb::Slice& value,
                            std::string* /*new_value*/, bool* /*changed*/) const override {
    return time_of(value) < horizon_ms_;
  }
  [[nodiscard]] const char* Name() const override { return "firstseen.Expiry"; }

 private:
  std::atomic<std::int64_t> horizon_ms_ = 0;
};

rocksdb::Options tuned() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.IncreaseParallelism(2);
  options.OptimizeLevelStyleCompaction(512ULL << 20U);
  options.memtable_prefix_bloom_size_ratio = 0.1;
  options.memtable_whole_key_filtering = true;
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(512ULL << 20U);
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// Takes the files of the bottom level through the compaction filter one after the other, each once per window by the
/// messages' clock: what RocksDB's periodic compaction does by the machine's. Without it hardly anything there would
/// ever meet a compaction.
class Sweep {
 public:
  Sweep(rocksdb::DB& db, std::uint64_t window) : db_(db), window_(window) {}

  /// There are so many files on the bottom level.
  void expect(std::uint64_t files) { files_ = files; }
  /// Begins with the next file in the background, if it is due after so many more messages.
  void advance(std::uint64_t messages) {
    waited_ += messages;
    if (waited_ * std::max<std::uint64_t>(files_, 1) < window_) return;
    if (running_.valid() && running_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
    waited_ = 0;
    running_ = std::async(std::launch::async, [this] { rewrite_next(); });
  }

 private:
  void rewrite_next() {
    rocksdb::ColumnFamilyMetaData all;
    db_.GetColumnFamilyMetaData(&all);
    const auto bottom =
        std::find_if(all.levels.rbegin(), all.levels.rend(), [](const auto& level) { return !level.files.empty(); });
    if (bottom == all.levels.rend() || bottom->level == 0) return;
    const auto& files = bottom->files;
    files_ = files.size();
    auto next = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.smallestkey > done_; });
    if (next == files.end()) next = files.begin();
    done_ = next->smallestkey;
    rocksdb::CompactionOptions options;
    options.compression = rocksdb::kDisableCompressionOption;  // as everywhere else
    const auto status = db_.CompactFiles(options, {next->relative_filename}, bottom->level);
    // Another compaction was faster: that has taken the file through the filter, too.
    if (!status.IsAborted() && !status.IsInvalidArgument()) check(status);
  }

  rocksdb::DB& db_;
  const std::uint64_t window_;
  std::uint64_t waited_ = 0;              ///< messages since the last file
  std::atomic<std::uint64_t> files_ = 1;  ///< as of the last file
  std::string done_;                      ///< smallest key of the last file
  std::future<void> running_;             // last: its end is waited for before anything that it uses goes
};

class RocksDbContestant final : public Contestant {
 public:
  RocksDbContestant(const std::filesystem::path& directory, const Workload& workload)
      : directory_(directory), workload_(workload), window_(static_cast<std::int64_t>(workload.window)) {
    rocksdb::DB* opened = nullptr;
    rocksdb::Options options = tuned();
    options.compaction_filter = &expiry_;
    check(rocksdb::DB::Open(options, directory.string(), &opened));
    db_.reset(opened);
    sweep_.emplace(*db_, workload.window);
  }

  void decide(std::span<const Message> messages, std::span<std::uint8_t> first_seen) override {
    expiry_.set_horizon(messages.front().time_ms - window_);
    rocksdb::WriteBatch batch;
    std::unordered_map<Digest, std::int64_t, DigestHash> of_this_batch;
    std::string value;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      first_seen[i] = 0;
      if (of_this_batch.contains(message.digest)) continue;
      const auto status = db_->Get(rocksdb::ReadOptions(), slice_of(message.digest), &value);
      if (!status.ok() && !status.IsNotFound()) check(status);
      if (status.ok() && message.time_ms - time_of(value) <= window_) continue;
      first_seen[i] = 1;
      of_this_batch.emplace(message.digest, message.time_ms);
      count(message);
      check(batch.Put(slice_of(message.digest), slice_of(message.time_ms)));
    }
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    check(db_->Write(options, &batch));
    sweep_->advance(messages.size());
  }

  bool load(const Workload& workload) override {
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), tuned());
    std::vector<std::string> files;
    const std::vector<Message> left = left_by_filling(workload);
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (i == 0 || writer.FileSize() >= bottom_file_bytes) {
        if (i != 0) check(writer.Finish());
        files.push_back(directory_.string() + "." + std::to_string(files.size()) + ".sst");
        check(writer.Open(files.back()));
      }
      check(writer.Put(slice_of(left[i].digest), slice_of(left[i].time_ms)));
      count(left[i]);
    }
    check(writer.Finish());
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    check(db_->IngestExternalFile(files, options));
    sweep_->expect(files.size());
    return true;
  }

  [[nodiscard]] Size size() const override {
    return {.live = live(),
            .held = number("rocksdb.estimate-num-keys"),
            .disk_bytes = number("rocksdb.live-sst-files-size"),
            .memory_bytes = number("rocksdb.cur-size-all-mem-tables") + number("rocksdb.block-cache-usage") +
                            number("rocksdb.estimate-table-readers-mem"),
            .file_bytes = number("rocksdb.total-sst-files-size")};
  }

 private:
  void count(const Message& message) {
    const std::uint64_t batch = static_cast<std::uint64_t>(message.time_ms) / workload_.batch;
    if (accepted_.size() <= batch) accepted_.resize(batch + 1);
    ++accepted_[batch];
  }
  [[nodiscard]] std::uint64_t live() const {
    const std::uint64_t batches = std::min<std::uint64_t>(accepted_.size(), workload_.filling() / workload_.batch);
    return std::accumulate(accepted_.end() - static_cast<std::ptrdiff_t>(batches), accepted_.end(), std::uint64_t{0});
  }
  [[nodiscard]] std::uint64_t number(const std::string& property) const {
    std::uint64_t value = 0;
    return db_->GetIntProperty(property, &value) ? value : 0;
  }

  std::filesystem::path directory_;
  const Workload workload_;
  std::int64_t window_;
  std::vector<std::uint32_t> accepted_;  ///< messages, by batch
  Expiry expiry_;
  std::unique_ptr<rocksdb::DB> db_;  // after what its compactions use
  std::optional<Sweep> sweep_;       // after the database
};

}  // namespace

std::unique_ptr<Contestant> make_rocksdb(const std::filesystem::path& directory, const Workload& workload) {
  return std::make_unique<RocksDbContestant>(directory, workload);
}

std::string rocksdb_version() { return fmt::format("{}.{}.{}", ROCKSDB_MAJOR, ROCKSDB_MINOR, ROCKSDB_PATCH); }

}  // namespace firstseen::bench
