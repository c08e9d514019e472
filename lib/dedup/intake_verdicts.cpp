// The second and third pass over a chunk: what was seen before, and what comes of it.
#include "dedup/intake.h"

namespace firstseen::dedup {

void Intake::decide_all() {
  found_.resize(entries_.size());
  context_.store.decide(entries_, context_.options.refresh_on_duplicate, found_);
}

void Intake::carry_out(std::span<const MessageView> messages, Publications& out) {
  std::size_t keyed = 0;
  for (const Admitted& admitted : admitted_) {
    const MessageView& message = messages[admitted.message];
    const bool has_key = admitted.derived == key::Derived::Kind::key;
    const std::size_t entry = has_key ? keyed++ : 0;
    switch (decide(admitted.derived, has_key && found_[entry].has_value())) {
      case Verdict::first_seen:
        carry_out_first_seen(message, admitted, entries_[entry], out);
        break;
      case Verdict::duplicate:
        carry_out_duplicate(message, admitted, *found_[entry], out);
        break;
      case Verdict::rejected:
        carry_out_rejected(message, admitted, out);
        break;
      case Verdict::passed:
        carry_out_passed(message, admitted, out);
        break;
    }
  }
}

void Intake::carry_out_first_seen(const MessageView& message, const Admitted& admitted, const store::Entry& entry,
                                  Publications& out) {
  ++batch_.counts().first_seen;
  if (entry.time_ms < late_before_ms_[entry.window]) ++batch_.counts().late;
  publish(message, admitted, routes_.output(message), out);
}

void Intake::carry_out_duplicate(const MessageView& message, const Admitted& admitted, const store::Found& found,
                                 Publications& out) {
  ++batch_.counts().duplicates;
  const TopicPartitionView first = found.staged ? view_of(batch_.source(found.range)) : found.source;
  if (first != TopicPartitionView{message.topic, message.partition}) ++batch_.counts().cross_partition;
  if (context_.options.duplicates == DuplicateRoute::drop) return;
  Routes::add_duplicate_headers(message, first, found.offset, out.added);
  publish(message, admitted, routes_.duplicates(), out);
}

void Intake::carry_out_rejected(const MessageView& message, const Admitted& admitted, Publications& out) {
  if (!admitted.dropped && context_.options.rejects == RejectRoute::pass) {
    carry_out_passed(message, admitted, out);
    return;
  }
  const key::Rejection& rejection = rejections_[admitted.rejection];
  ++batch_.counts().rejected;
  ++batch_.counts().rejected_by_reason[rejection.reason];
  if (admitted.dropped || context_.options.rejects == RejectRoute::drop) return;
  Routes::add_reject_headers(message, rejection, out.added);
  publish(message, admitted, routes_.rejects(), out);
}

void Intake::carry_out_passed(const MessageView& message, const Admitted& admitted, Publications& out) {
  ++batch_.counts().passed;
  publish(message, admitted, routes_.output(message), out);
}

/// With the headers that were added to `out` since the last publication.
void Intake::publish(const MessageView& message, const Admitted& admitted, const kafka::Destination& to,
                     Publications& out) {
  if (message.timestamp_ms < 1) ++batch_.counts().uncarried_timestamps;
  batch_.counts().published_bytes += size_of(message);
  const std::uint32_t begin = out.list.empty() ? 0 : out.list.back().added_begin + out.list.back().added_count;
  out.list.push_back({admitted.message, begin, static_cast<std::uint32_t>(out.added.size()) - begin, to});
}

}  // namespace firstseen::dedup
