#include "store/coalesce.h"

#include <algorithm>
#include <utility>

#include "store/codec.h"
#include "store/record_head.h"

namespace firstseen::store {

bool worth_coalescing(const LiveRecord& older, const LiveRecord& newer, Millis ttl, const CoalesceLimits& limits) {
  if (older.entry_count == 0 || newer.entry_count == 0) return false;
  if (std::uint64_t{older.entry_count} + newer.entry_count > limits.entries) return false;
  const std::int64_t oldest = std::min(older.view().min_time_ms(), newer.view().min_time_ms());
  const std::int64_t newest = std::max(older.max_time_ms, newer.max_time_ms);
  return delta(newest, oldest) <= static_cast<std::uint64_t>(ttl.count() / limits.ttl_parts);
}

CoalescedRecord::CoalescedRecord(const RecordView& older, const RecordView& newer)
    : id_(newer.id()), oldest_back_(static_cast<std::uint32_t>(id_.sequence - older.first_batch())) {
  entries_.reserve(older.entry_count() + newer.entry_count());
  add(older);
  add(newer);
}

void CoalescedRecord::add(const RecordView& record) {
  std::vector<std::uint32_t> places(record.range_count());
  for (std::uint32_t i = 0; i < record.range_count(); ++i) {
    places[i] = add_range(record.range(i), record.brought_by(i));
  }
  const RecordHead head(record);
  for (std::uint32_t i = 0; i < record.entry_count(); ++i) {
    Entry entry = head.entry(record.entry_at(i));
    if (entry.kind == EntryKind::seen) entry.range = places[entry.range];
    entries_.push_back(entry);
  }
}

/// A partition of both: from the start of the older range to the end of the newer one.
std::uint32_t CoalescedRecord::add_range(SourceRange range, std::uint64_t brought_by) {
  const auto back = static_cast<std::uint32_t>(id_.sequence - brought_by);
  const auto same = [&](const SourceRange& known) { return known.tp == range.tp; };
  const auto known = std::ranges::find_if(ranges_, same);
  const auto place = static_cast<std::uint32_t>(known - ranges_.begin());
  if (known == ranges_.end()) {
    ranges_.push_back(std::move(range));
    batches_back_.push_back(back);
  } else {
    known->end = range.end;
    known->after = range.after;
    batches_back_[place] = back;
  }
  return place;
}

}  // namespace firstseen::store
