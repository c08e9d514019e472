#include "ingest/key_filter.h"

#include <fmt/format.h>

#include <utility>

#include "ingest/key_note.h"

namespace firstseen::ingest {

Result<std::unique_ptr<KeyFilter>> KeyFilter::open(const RecordKeys& keys, const std::filesystem::path& directory,
                                                   Ledger& ledger, const Clock& clock) {
  auto deriver = key::Deriver::make(keys.spec);
  if (!deriver) return forward(deriver.error());
  auto window = DurableWindow::open({.directory = directory,
                                     .ttl = keys.ttl,
                                     .max_size_bytes = keys.max_size_bytes,
                                     .purpose = keys_purpose,
                                     .fingerprint = (*deriver)->fingerprint(),
                                     .key_parts = note_of_key(keys.spec),
                                     .clock = &clock});
  if (!window) return forward(window.error());
  auto filter = std::make_unique<KeyFilter>(std::move(*deriver), std::move(*window), ledger, clock);
  if (auto decided = filter->follow_ledger(); !decided) return forward(decided.error());
  return filter;
}

Result<bool> KeyFilter::is_first_seen(const Record& record) {
  MessageView message;
  message.value = record.bytes;
  deriver_->derive(message, derived_);
  if (derived_.kind != key::Derived::Kind::key) {
    return fail(Exit::bad_data, fmt::format("line {}: record {} has no key: {} ({})", record.line, record.number,
                                            derived_.rejection.detail, derived_.rejection.reason));
  }
  return window_->add_if_new(derived_.digest, clock_.wall_ms());
}

Result<void> KeyFilter::follow_ledger() {
  const auto standing = ledger_.standing_keys();
  if (!standing) return forward(standing.error());
  window_->forget_uncommitted();
  return window_->decide(*standing);
}

}  // namespace firstseen::ingest
