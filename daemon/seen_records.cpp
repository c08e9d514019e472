#include "seen_records.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/hex.h"
#include "entry_time.h"
#include "ingest/kept_payloads.h"
#include "output.h"
#include "store/inspect.h"
#include "store_layout.h"

namespace firstseen {
namespace {

namespace fs = std::filesystem;

using Payload = std::optional<std::string_view>;

bool is_seen(const store::LogEntry& found) { return found.entry.kind == store::EntryKind::seen; }

Json to_json(const store::LogEntry& found, const Payload& payload) {
  Json json{{"digest", to_hex(found.entry.digest.bytes)},
            {"kind", is_seen(found) ? "seen" : "forgotten"},
            {"time_ms", found.entry.time_ms}};
  if (is_seen(found)) json["number"] = found.entry.offset;
  if (payload) json["payload"] = *payload;
  return json;
}

std::string to_row(const store::LogEntry& found, std::string_view last) {
  return fmt::format("{:<9}  {:<24}  {}  {}\n", is_seen(found) ? "seen" : "forgotten", entry_time(found.entry),
                     to_hex(found.entry.digest.bytes), last);
}

std::string_view payload_cell(const store::LogEntry& found, const Payload& payload) {
  return payload.value_or(is_seen(found) ? "(not kept)" : "-");
}

std::string message_cell(const store::LogEntry& found) {
  return is_seen(found) ? fmt::format("{} offset {}", to_string(found.source), found.entry.offset) : "-";
}

std::string head(const char* last) {
  return fmt::format("{:<9}  {:<24}  {:<32}  {}\n", "kind", "time", "digest", last);
}

Result<Payload> payload_of(std::optional<ingest::PayloadReader>& reader, const store::LogEntry& found) {
  if (!reader || !is_seen(found)) return Payload();
  return reader->at(found.entry.offset);
}

/// Prints entries as they come, however many.
class Listing {
 public:
  Listing(bool as_json, const char* last) : as_json_(as_json), text_(as_json ? "[" : head(last)) {}

  [[nodiscard]] bool as_json() const { return as_json_; }
  bool add_json(const Json& entry) {
    const std::string text = entry.dump(-1, ' ', false, Json::error_handler_t::replace);
    return append(any_ ? ",\n " + text : text);
  }
  bool add_row(const std::string& row) { return append(row); }
  Exit finish() {
    if (as_json_) text_ += "]\n";
    if (printed_ == Exit::ok) flush();
    return printed_;
  }

 private:
  bool append(const std::string& text) {
    constexpr std::size_t enough = 1U << 16U;
    text_ += text;
    any_ = true;
    return text_.size() < enough || flush();
  }
  bool flush() {
    printed_ = print(text_);
    text_.clear();
    return printed_ == Exit::ok;
  }

  const bool as_json_;
  std::string text_;
  bool any_ = false;
  Exit printed_ = Exit::ok;
};

bool add_message(Listing& listing, const store::LogEntry& found) {
  if (!listing.as_json()) return listing.add_row(to_row(found, message_cell(found)));
  Json entry{{"digest", to_hex(found.entry.digest.bytes)}};
  entry.update(message_entry(found));
  return listing.add_json(entry);
}

bool add_record(Listing& listing, const store::LogEntry& found, const Payload& payload) {
  return listing.as_json() ? listing.add_json(to_json(found, payload))
                           : listing.add_row(to_row(found, payload_cell(found, payload)));
}

}  // namespace

Exit look_up_record(const fs::path& directory, const Digest& digest, bool as_json) {
  // The log first: a payload is there before its key.
  const auto entries = store::lookup(slot_directory(directory), digest);
  if (!entries) return report(entries.error());
  auto payloads = ingest::PayloadReader::open(directory);
  if (!payloads) return report(payloads.error());
  Json list = Json::array();
  std::string rows;
  for (const store::LogEntry& found : *entries) {
    const auto payload = payload_of(*payloads, found);
    if (!payload) return report(payload.error());
    list.push_back(to_json(found, *payload));
    rows += to_row(found, payload_cell(found, *payload));
  }
  const std::string hex = to_hex(digest.bytes);
  if (as_json) return print(to_text({{"digest", hex}, {"entries", std::move(list)}}));
  if (rows.empty()) return print("no entry: this key has not been seen, or its entries have expired\n");
  return print(head("payload") + rows);
}

Exit list_records(const FoundStore& store, const std::string& prefix, bool as_json) {
  const bool of_messages = store.kind == StoreKind::seen;
  Listing listing(as_json, of_messages ? "first message" : "payload");
  std::optional<Error> failed;
  std::optional<Result<std::optional<ingest::PayloadReader>>> payloads;
  const auto scanned = store::scan(slot_directory(store.directory), [&](const store::LogEntry& found) {
    if (!to_hex(found.entry.digest.bytes).starts_with(prefix)) return true;
    if (of_messages) return add_message(listing, found);
    // After the log: a payload is there before its key.
    if (!payloads) payloads = ingest::PayloadReader::open(store.directory);
    const auto payload = *payloads ? payload_of(**payloads, found) : Result<Payload>(forward(payloads->error()));
    if (!payload) failed = payload.error();
    return payload && add_record(listing, found, *payload);
  });
  if (!scanned) return report(scanned.error());
  if (failed) return report(*failed);
  return listing.finish();
}

Json message_entry(const store::LogEntry& found) {
  Json entry{{"kind", is_seen(found) ? "seen" : "forgotten"},
             {"time_ms", found.entry.time_ms},
             {"batch", found.batch.sequence}};
  if (is_seen(found)) {
    entry["topic"] = found.source.topic;
    entry["partition"] = found.source.partition;
    entry["offset"] = found.entry.offset;
  }
  return entry;
}

}  // namespace firstseen
