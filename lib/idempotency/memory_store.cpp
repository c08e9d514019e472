#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "idempotency/owner_files.h"
#include "idempotency/record_state.h"
#include "idempotency/result_store.h"

namespace firstseen::idempotency {
namespace {

/// The ids of the owners that exist.
struct LiveOwners {
  std::mutex mutex;
  std::set<std::string> ids;
};

class LiveOwner final : public Owner {
 public:
  explicit LiveOwner(std::shared_ptr<LiveOwners> owners) : owners_(std::move(owners)), id_(random_owner_id()) {
    const std::scoped_lock lock(owners_->mutex);
    owners_->ids.insert(id_);
  }
  ~LiveOwner() override {
    const std::scoped_lock lock(owners_->mutex);
    owners_->ids.erase(id_);
  }
  LiveOwner(const LiveOwner&) = delete;
  LiveOwner& operator=(const LiveOwner&) = delete;
  LiveOwner(LiveOwner&&) = delete;
  LiveOwner& operator=(LiveOwner&&) = delete;
  [[nodiscard]] const std::string& id() const override { return id_; }

 private:
  const std::shared_ptr<LiveOwners> owners_;
  const std::string id_;
};

class MemoryStore final : public ResultStore {
 public:
  explicit MemoryStore(const Clock* clock) : clock_(clock != nullptr ? *clock : system_clock_) {}

  Result<Put> put_if_new(const Record& record, std::string_view payload) override {
    const std::scoped_lock lock(mutex_);
    if (Entry* found = find_counted(record.key)) return Put{false, found->record};
    Entry entry{record, std::string(payload)};
    entry.record.token = ++last_token_;
    const auto placed = entries_.insert_or_assign(record.key, std::move(entry)).first;
    return Put{true, placed->second.record};
  }

  Result<std::optional<Record>> get(const Key& key) override {
    const std::scoped_lock lock(mutex_);
    return copy_of(find_counted(key));
  }

  Result<std::optional<Record>> peek(const Key& key) override {
    const std::scoped_lock lock(mutex_);
    return copy_of(find(key));
  }

  Result<std::optional<Record>> replace(const Record& expected, const Record& desired, Token token) override {
    const std::scoped_lock lock(mutex_);
    Entry* found = find(expected.key);
    if (found == nullptr || !same_attempt(found->record, expected)) return std::optional<Record>();
    const Record before = std::exchange(found->record, desired);
    found->record.access_count = before.access_count;
    found->record.token = token == Token::advance ? ++last_token_ : before.token;
    return std::optional<Record>(found->record);
  }

  Result<bool> erase(const Key& key) override {
    const std::scoped_lock lock(mutex_);
    const bool there = find(key) != nullptr;
    entries_.erase(key);
    return there;
  }

  Result<bool> erase_if(const Record& expected) override {
    const std::scoped_lock lock(mutex_);
    const Entry* found = find(expected.key);
    if (found == nullptr || !same_attempt(found->record, expected)) return false;
    return entries_.erase(expected.key) == 1;
  }

  Result<std::optional<std::string>> payload(const Key& key) override {
    const std::scoped_lock lock(mutex_);
    const Entry* found = find(key);
    if (found == nullptr || found->payload.empty()) return std::optional<std::string>();
    return std::optional<std::string>(found->payload);
  }

  Result<std::uint64_t> sweep() override {
    const std::scoped_lock lock(mutex_);
    const std::int64_t now_ms = clock_.wall_ms();
    return std::erase_if(entries_, [now_ms](const auto& entry) { return has_expired(entry.second.record, now_ms); });
  }

  Result<void> for_each(const std::function<bool(const Record&)>& visit) override {
    const std::scoped_lock lock(mutex_);
    const std::int64_t now_ms = clock_.wall_ms();
    for (const auto& [key, entry] : entries_) {
      if (!has_expired(entry.record, now_ms) && !visit(entry.record)) break;
    }
    return {};
  }

  Result<StoreStats> stats() override {
    const std::scoped_lock lock(mutex_);
    StatsCounter counter(clock_.wall_ms(), [this](const std::string& owner) { return alive(owner); });
    for (const auto& [key, entry] : entries_) counter.add(entry.record);
    StoreStats stats = counter.finish();
    stats.hits = hits_;
    stats.misses = misses_;
    return stats;
  }

  Result<std::unique_ptr<Owner>> enlist() override { return std::make_unique<LiveOwner>(owners_); }

  bool alive(const std::string& owner_id) override {
    const std::scoped_lock lock(owners_->mutex);
    return owners_->ids.contains(owner_id);
  }

 private:
  struct Entry {
    Record record;
    std::string payload;
  };

  Entry* find(const Key& key) {
    const auto found = entries_.find(key);
    return found == entries_.end() || has_expired(found->second.record, clock_.wall_ms()) ? nullptr : &found->second;
  }

  Entry* find_counted(const Key& key) {
    Entry* found = find(key);
    ++(found != nullptr ? hits_ : misses_);
    if (found != nullptr) ++found->record.access_count;
    return found;
  }

  static std::optional<Record> copy_of(const Entry* entry) {
    return entry == nullptr ? std::nullopt : std::optional<Record>(entry->record);
  }

  const SystemClock system_clock_;
  const Clock& clock_;
  const std::shared_ptr<LiveOwners> owners_ = std::make_shared<LiveOwners>();

  std::mutex mutex_;  // guards what follows
  std::map<Key, Entry> entries_;
  std::uint64_t last_token_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
};

}  // namespace

std::unique_ptr<ResultStore> make_memory_store(const Clock* clock) { return std::make_unique<MemoryStore>(clock); }

double StoreStats::hit_rate() const {
  const std::uint64_t lookups = hits + misses;
  return lookups == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(lookups);
}

}  // namespace firstseen::idempotency
