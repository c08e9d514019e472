#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <atomic>
#include <cstring>
#include <unordered_map>

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
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(512ULL << 20U);
  table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksDbContestant final : public Contestant {
 public:
  RocksDbContestant(const std::filesystem::path& directory, const Workload& workload)
      : directory_(directory), window_(static_cast<std::int64_t>(workload.window)) {
    rocksdb::DB* opened = nullptr;
    rocksdb::Options options = tuned();
    options.compaction_filter = &expiry_;
    check(rocksdb::DB::Open(options, directory.string(), &opened));
    db_.reset(opened);
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
      check(batch.Put(slice_of(message.digest), slice_of(message.time_ms)));
    }
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    check(db_->Write(options, &batch));
  }

  bool load(const Workload& workload) override {
    const std::string file = directory_.string() + ".sst";
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), tuned());
    check(writer.Open(file));
    for (const Message& message : left_by_filling(workload)) {
      check(writer.Put(slice_of(message.digest), slice_of(message.time_ms)));
    }
    check(writer.Finish());
    rocksdb::IngestExternalFileOptions options;
    options.move_files = true;
    check(db_->IngestExternalFile({file}, options));
    return true;
  }

  [[nodiscard]] Size size() const override {
    return {.live = number("rocksdb.estimate-num-keys"),
            .disk_bytes = number("rocksdb.live-sst-files-size"),
            .memory_bytes = number("rocksdb.cur-size-all-mem-tables") + number("rocksdb.block-cache-usage") +
                            number("rocksdb.estimate-table-readers-mem"),
            .file_bytes = number("rocksdb.total-sst-files-size")};
  }

 private:
  [[nodiscard]] std::uint64_t number(const std::string& property) const {
    std::uint64_t value = 0;
    return db_->GetIntProperty(property, &value) ? value : 0;
  }

  std::filesystem::path directory_;
  std::int64_t window_;
  Expiry expiry_;
  std::unique_ptr<rocksdb::DB> db_;  // after what its compactions use
};

}  // namespace

std::unique_ptr<Contestant> make_rocksdb(const std::filesystem::path& directory, const Workload& workload) {
  return std::make_unique<RocksDbContestant>(directory, workload);
}

}  // namespace firstseen::bench
