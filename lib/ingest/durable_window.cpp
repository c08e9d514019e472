#include "ingest/durable_window.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "ingest/kept_payloads.h"
#include "store/covered_window.h"
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

DurableWindow::DurableWindow(std::unique_ptr<store::SeenStore> store, std::unique_ptr<KeptPayloads> payloads,
                             const DurableWindowOptions& options)
    : store_(std::move(store)),
      payloads_(std::move(payloads)),
      keep_payloads_(options.keep_payloads),
      ttl_ms_(options.ttl.count()) {
  const auto known = store_->partitions().find(source());
  if (known != store_->partitions().end()) next_number_ = known->second.next_offset;
}

DurableWindow::~DurableWindow() = default;

Result<std::unique_ptr<DurableWindow>> DurableWindow::open(const DurableWindowOptions& options) {
  std::error_code ignored;
  if (std::filesystem::exists(options.directory / "data.mdb", ignored) ||
      std::filesystem::exists(options.directory / "ledger", ignored)) {
    return fail(Exit::config,
                fmt::format("{} holds a store of another kind (of 'firstseen exec', or a ledger): nothing was "
                            "changed; name another directory",
                            options.directory.string()));
  }
  store::OpenOptions store_options;
  store_options.directory = options.directory / store_folder;
  store_options.ttl = options.ttl;
  store_options.max_size_bytes = options.max_size_bytes;
  store_options.clock = options.clock;
  store_options.pins = {{"key", options.fingerprint}, {"purpose", options.purpose}};
  if (auto ours = check_purpose(store_options.directory, options); !ours) return forward(ours.error());
  auto store = store::SeenStore::open(store_options);
  if (!store) return forward(store.error());
  if (!options.key_parts.empty() && (*store)->note(key_parts_note) != options.key_parts) {
    if (auto noted = (*store)->set_note(key_parts_note, options.key_parts); !noted) return forward(noted.error());
  }
  std::unique_ptr<KeptPayloads> payloads;
  if (options.keep_payloads || KeptPayloads::exist(options.directory)) {
    auto opened = KeptPayloads::open(options.directory, options.max_size_bytes);
    if (!opened) return forward(opened.error());
    payloads = std::move(*opened);
  }
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): private constructor
  return std::unique_ptr<DurableWindow>(new DurableWindow(std::move(*store), std::move(payloads), options));
}

bool DurableWindow::add_if_new(const Digest& digest, std::int64_t now_ms, std::string_view payload) {
  now_ms_ = std::max(now_ms_, now_ms);
  if (store_->find(digest, now_ms_)) return false;
  const auto offset = next_number_ + static_cast<std::int64_t>(store_->staged());
  store_->stage({digest, 0, offset, now_ms_, store::EntryKind::seen});
  if (keep_payloads_) payloads_->add(offset, now_ms_, payload);
  return true;
}

void DurableWindow::forget_uncommitted() {
  store_->drop_staged();
  if (payloads_) payloads_->drop_added();
}

/// First the payloads, then their keys.
Result<store::BatchId> DurableWindow::write(bool decided) {
  if (payloads_) {
    if (auto kept = payloads_->commit(next_number_, now_ms_ - ttl_ms_); !kept) return forward(kept.error());
  }
  const std::int64_t end = next_number_ + static_cast<std::int64_t>(store_->staged());
  store::SourceRange range;
  range.tp = source();
  range.start = next_number_;
  range.end = end;
  range.after = {end, now_ms_, 0, {}};
  auto id = store_->prepare({&range, 1}, now_ms_ - ttl_ms_, decided);
  if (!id) return id;
  next_number_ = end;
  if (payloads_) payloads_->drop_added();
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

Millis DurableWindow::covered(std::int64_t now_ms) const {
  return store::covered_window(Millis{ttl_ms_}, store_->stats().evicted_before_ms, now_ms);
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
