#include "store/log_read_ahead.h"

#include <sys/resource.h>

#include "store/lmdb.h"

namespace firstseen::store {
namespace {

/// So many waits in one chunk are no accident.
constexpr std::int64_t many = 2;

/// With pages asked for in advance there are hardly any waits to be seen: every so often a chunk goes without.
constexpr int chunks_in_advance = 64;

/// How far a pass is ahead of itself, about 320 kB: the disk is done with it before the pass gets there.
constexpr LogPosition pass_ahead = 16384;

}  // namespace

void LogReadAhead::note_chunk() {
  rusage usage{};
  if (getrusage(RUSAGE_THREAD, &usage) != 0) return;
  const std::int64_t before = faults_;
  faults_ = usage.ru_majflt;
  if (chunks_left_ != 0) --chunks_left_;
  if (before >= 0 && faults_ - before >= many) chunks_left_ = chunks_in_advance;
}

void LogReadAhead::of_lookup(const Env& env, const LiveLog& log, LogPosition position) {
  const auto place = log.at(position);
  if (!place) return;
  env.will_need({place->entry, sizeof(Digest)});
}

void LogReadAhead::of_pass(const Env& env, const LiveLog& log, LogPosition position) {
  const LogPosition length = log.tail() - log.head();
  if (position - log.head() >= length) return;
  if (position - asked_from_ > asked_to_ - asked_from_) asked_to_ = position;  // another pass
  asked_from_ = position;
  while (asked_to_ - position < pass_ahead && asked_to_ - log.head() < length) {
    const auto place = log.at(asked_to_);
    if (!place) return;
    const LiveRecord& record = *place->record;
    env.will_need({record.value, record.size_bytes});
    asked_to_ = record.first_position + LiveLog::positions_for(record.entry_count);
  }
}

}  // namespace firstseen::store
