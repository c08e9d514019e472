#include "ingest/durable_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "store/inspect.h"

namespace firstseen::ingest {
namespace {

/// Records of a stream that is no topic.
const TopicPartition& source() {
  static const TopicPartition records{"-", 0};
  return records;
}

/// A store that serves something else is left alone: a daemon's has no purpose, but a key. What cannot be read here
/// opening will tell.
Result<void> check_purpose(const std::filesystem::path& store, const DurableWindowOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::exists(store / "data.mdb", ignored)) return {};
  const auto kept = store::inspect(store);
  if (!kept) return {};
  const auto purpose = kept->pins.find("purpose");
  const bool has_purpose = purpose != kept->pins.end();
  if (has_purpose ? purpose->second == options.purpose : !kept->pins.contains("key")) return {};
  return fail(Exit::config,
              fmt::format("the store in {} belongs to {}: nothing was changed; name another directory",
                          options.directory.string(),
                          has_purpose ? "'firstseen " + purpose->second + "'" : "a daemon ('firstseen run')"));
}

}  // namespace

DurableWindow::DurableWindow(std::unique_ptr<store::SeenStore> store, Millis ttl)
    : store_(std::move(store)), ttl_ms_(ttl.count()) {
  const auto known = store_->partitions().find(source());
  if (known != store_->partitions().end()) next_number_ = known->second.next_offset;
}

Result<std::unique_ptr<DurableWindow>> DurableWindow::open(const DurableWindowOptions& options) {
  std::error_code ignored;
  if (std::filesystem::exists(options.directory / "data.mdb", ignored)) {
    return fail(Exit::config,
                fmt::format("{} holds a store of another kind (of 'firstseen exec', or a ledger): nothing was "
                            "changed; name another directory",
                            options.directory.string()));
  }
  store::OpenOptions store_options;
  store_options.directory = options.directory / "slot-0";
  store_options.ttl = options.ttl;
  store_options.max_size_bytes = options.max_size_bytes;
  store_options.clock = options.clock;
  store_options.pins = {{"key", options.fingerprint}, {"purpose", options.purpose}};
  if (auto ours = check_purpose(store_options.directory, options); !ours) return forward(ours.error());
  auto store = store::SeenStore::open(store_options);
  if (!store) return forward(store.error());
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): private constructor
  return std::unique_ptr<DurableWindow>(new DurableWindow(std::move(*store), options.ttl));
}

bool DurableWindow::add_if_new(const Digest& digest, std::int64_t now_ms) {
  now_ms_ = std::max(now_ms_, now_ms);
  if (store_->find(digest, now_ms_)) return false;
  const auto offset = next_number_ + static_cast<std::int64_t>(store_->staged());
  store_->stage({digest, 0, offset, now_ms_, store::EntryKind::seen});
  return true;
}

Result<store::BatchId> DurableWindow::write(bool decided) {
  const std::int64_t end = next_number_ + static_cast<std::int64_t>(store_->staged());
  store::SourceRange range;
  range.tp = source();
  range.start = next_number_;
  range.end = end;
  range.after = {end, now_ms_, 0, {}};
  auto id = store_->prepare({&range, 1}, now_ms_ - ttl_ms_, decided);
  if (id) next_number_ = end;
  return id;
}

Result<void> DurableWindow::commit() {
  if (store_->staged() == 0) return {};
  const auto id = write(true);
  if (!id) return forward(id.error());
  return {};
}

Result<std::optional<store::BatchId>> DurableWindow::prepare() {
  if (store_->staged() == 0) return std::optional<store::BatchId>();
  const auto id = write(false);
  if (!id) return forward(id.error());
  return std::optional<store::BatchId>(*id);
}

Result<void> DurableWindow::close() {
  auto closed = store_->close_clean();
  if (closed) store_->save_index(store::index_save_time);
  return closed;
}

Result<void> DurableWindow::decide(const std::optional<store::BatchId>& standing) {
  const auto undecided = store_->undecided();
  if (!undecided) return {};
  if (standing && undecided->id == *standing) {
    store_->settle();
    return {};
  }
  if (auto fallen = store_->roll_back(); !fallen) return fallen;
  const auto known = store_->partitions().find(source());
  next_number_ = known == store_->partitions().end() ? 0 : known->second.next_offset;
  return {};
}

}  // namespace firstseen::ingest
