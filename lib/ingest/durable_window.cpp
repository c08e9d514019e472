#include "ingest/durable_window.h"

#include <fmt/format.h>

#include <system_error>

#include "ingest/kept_payloads.h"
#include "store/inspect.h"

namespace firstseen::ingest {
namespace {

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

DurableWindow::DurableWindow(std::unique_ptr<store::KeySet> keys, std::unique_ptr<KeptPayloads> payloads,
                             const DurableWindowOptions& options)
    : keys_(std::move(keys)),
      payloads_(std::move(payloads)),
      keep_payloads_(options.keep_payloads),
      ttl_ms_(options.ttl.count()) {}

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
  auto keys = store::KeySet::open(store_options);
  if (!keys) return forward(keys.error());
  store::SeenStore& store = (*keys)->store();
  if (!options.key_parts.empty() && store.note(key_parts_note) != options.key_parts) {
    if (auto noted = store.set_note(key_parts_note, options.key_parts); !noted) return forward(noted.error());
  }
  std::unique_ptr<KeptPayloads> payloads;
  if (options.keep_payloads || KeptPayloads::exist(options.directory)) {
    auto opened = KeptPayloads::open(options.directory, options.max_size_bytes);
    if (!opened) return forward(opened.error());
    payloads = std::move(*opened);
  }
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): private constructor
  return std::unique_ptr<DurableWindow>(new DurableWindow(std::move(*keys), std::move(payloads), options));
}

bool DurableWindow::add_if_new(const Digest& digest, std::int64_t now_ms, std::string_view payload) {
  if (!keys_->add_if_new(digest, now_ms)) return false;
  if (keep_payloads_) payloads_->add(keys_->last_added(), keys_->now_ms(), payload);
  return true;
}

void DurableWindow::forget_uncommitted() {
  keys_->forget_uncommitted();
  if (payloads_) payloads_->drop_added();
}

/// They go first, and their keys after them.
Result<void> DurableWindow::write_payloads() {
  if (!payloads_) return {};
  return payloads_->commit(keys_->first_uncommitted(), keys_->now_ms() - ttl_ms_);
}

Result<void> DurableWindow::commit() {
  if (uncommitted() == 0) return {};
  if (auto kept = write_payloads(); !kept) return kept;
  auto committed = keys_->commit();
  if (committed && payloads_) payloads_->drop_added();
  return committed;
}

Result<std::optional<store::BatchId>> DurableWindow::prepare() {
  if (uncommitted() == 0) return std::optional<store::BatchId>();
  if (auto kept = write_payloads(); !kept) return forward(kept.error());
  auto prepared = keys_->prepare();
  if (prepared && payloads_) payloads_->drop_added();
  return prepared;
}

}  // namespace firstseen::ingest
