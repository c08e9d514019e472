#include "store/key_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/covered_window.h"

namespace firstseen::store {
namespace {

/// Keys that come from no topic.
const TopicPartition& source() {
  static const TopicPartition records{"-", 0};
  return records;
}

}  // namespace

Result<std::unique_ptr<KeySet>> KeySet::open(const OpenOptions& options) {
  if (!options.windows.empty())
    return fail(Exit::config, "a set of keys has one window, whose ttl is OpenOptions::ttl");
  auto store = SeenStore::open(options);
  if (!store) return forward(store.error());
  for (const auto& [tp, state] : (*store)->partitions()) {
    if (tp == source()) continue;
    return fail(Exit::config, fmt::format("the store in {} holds keys of {}, not a set of keys: name another directory",
                                          options.directory.string(), to_string(tp)));
  }
  return std::make_unique<KeySet>(std::move(*store), options.ttl);
}

KeySet::KeySet(std::unique_ptr<SeenStore> store, Millis ttl)
    : store_(std::move(store)), ttl_ms_(ttl.count()), next_number_(stored_end()) {}

std::int64_t KeySet::stored_end() const {
  const auto known = store_->partitions().find(source());
  return known == store_->partitions().end() ? 0 : known->second.next_offset;
}

bool KeySet::add_if_new(const Digest& digest, std::int64_t now_ms) {
  now_ms_ = std::max(now_ms_, now_ms);
  if (store_->find(digest, now_ms_)) return false;
  const auto number = next_number_ + static_cast<std::int64_t>(store_->staged());
  store_->stage({digest, 0, number, now_ms_, EntryKind::seen});
  return true;
}

Result<BatchId> KeySet::write(bool decided) {
  SourceRange range;
  range.tp = source();
  range.start = next_number_;
  range.end = next_number_ + static_cast<std::int64_t>(store_->staged());
  range.after = {range.end, now_ms_, 0, {}};
  auto id = store_->prepare({&range, 1}, now_ms_ - ttl_ms_, decided);
  if (id) next_number_ = range.end;
  return id;
}

Result<void> KeySet::commit() {
  if (store_->staged() == 0) return {};
  const auto id = write(true);
  if (!id) return forward(id.error());
  return {};
}

Result<std::optional<BatchId>> KeySet::prepare() {
  if (store_->staged() == 0) return std::optional<BatchId>();
  const auto id = write(false);
  if (!id) return forward(id.error());
  return std::optional<BatchId>(*id);
}

Result<void> KeySet::decide(const std::optional<BatchId>& standing) {
  const auto undecided = store_->undecided();
  if (!undecided) return {};
  if (standing && undecided->id == *standing) {
    store_->settle();
    return {};
  }
  if (auto fallen = store_->roll_back(); !fallen) return fallen;
  next_number_ = stored_end();
  return {};
}

Result<void> KeySet::close() {
  auto closed = store_->close_clean();
  if (closed) store_->save_index(index_save_time);
  return closed;
}

Millis KeySet::covered(std::int64_t now_ms) const {
  return covered_window(Millis{ttl_ms_}, store_->stats().evicted_before_ms, now_ms);
}

}  // namespace firstseen::store
