#include "support.h"

#include <utility>

namespace firstseen::idempotency::test {

std::shared_ptr<ResultStore> open_or_fail(const std::filesystem::path& directory, const Clock& clock) {
  auto opened = open_lmdb_store({.directory = directory, .max_size_bytes = 64ULL << 20U, .clock = &clock});
  if (!opened) {
    ADD_FAILURE() << opened.error().message;
    return nullptr;
  }
  return std::move(*opened);
}

Bench::Bench(Kind kind) {
  if (kind == Kind::memory) {
    store = make_memory_store(&clock);
    return;
  }
  directory_ = std::make_unique<firstseen::test::TemporaryDirectory>(firstseen::test::memory_directory());
  store = open_or_fail(directory_->path(), clock);
}

Handler Bench::handler(HandlerOptions options) const {
  options.clock = &clock;
  return Handler(store, options);
}

std::string name_of(Bench::Kind kind) { return kind == Bench::Kind::memory ? "Memory" : "Lmdb"; }

Key key(std::string_view text) { return *Key::make(text); }

Record attempt(std::string_view text, const Clock& clock) {
  Record record{.key = key(text)};
  record.created_at_ms = clock.wall_ms();
  record.lease_until_ms = clock.wall_ms() + 30'000;
  record.expires_at_ms = clock.wall_ms() + 60'000;
  return record;
}

Record ended(std::string_view text, const Clock& clock) {
  Record record = attempt(text, clock);
  record.status = Status::completed;
  record.completed_at_ms = clock.wall_ms();
  return record;
}

}  // namespace firstseen::idempotency::test
