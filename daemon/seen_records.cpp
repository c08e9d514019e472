#include "seen_records.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/hex.h"
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

std::string to_row(const store::LogEntry& found, const Payload& payload) {
  return fmt::format("{:<9}  {:<24}  {}  {}\n", is_seen(found) ? "seen" : "forgotten", format_time(found.entry.time_ms),
                     to_hex(found.entry.digest.bytes), payload.value_or(is_seen(found) ? "(not kept)" : "-"));
}

std::string head() { return fmt::format("{:<9}  {:<24}  {:<32}  {}\n", "kind", "time", "digest", "payload"); }

Result<Payload> payload_of(std::optional<ingest::PayloadReader>& reader, const store::LogEntry& found) {
  if (!reader || !is_seen(found)) return Payload();
  return reader->at(found.entry.offset);
}

/// Prints entries as they come, however many.
class Listing {
 public:
  explicit Listing(bool as_json) : as_json_(as_json), text_(as_json ? "[" : head()) {}

  bool add(const store::LogEntry& found, const Payload& payload) {
    constexpr std::size_t enough = 1U << 16U;
    if (as_json_) {
      text_ += any_ ? ",\n " : "";
      text_ += to_json(found, payload).dump(-1, ' ', false, Json::error_handler_t::replace);
    } else {
      text_ += to_row(found, payload);
    }
    any_ = true;
    return text_.size() < enough || flush();
  }
  Exit finish() {
    if (as_json_) text_ += "]\n";
    if (printed_ == Exit::ok) flush();
    return printed_;
  }

 private:
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
    rows += to_row(found, *payload);
  }
  const std::string hex = to_hex(digest.bytes);
  if (as_json) return print(to_text({{"digest", hex}, {"entries", std::move(list)}}));
  if (rows.empty()) return print("no entry: this key has not been seen, or its entries have expired\n");
  return print(head() + rows);
}

Exit list_records(const fs::path& directory, const std::string& prefix, bool as_json) {
  Listing listing(as_json);
  std::optional<Error> failed;
  std::optional<Result<std::optional<ingest::PayloadReader>>> payloads;
  const auto scanned = store::scan(slot_directory(directory), [&](const store::LogEntry& found) {
    if (!to_hex(found.entry.digest.bytes).starts_with(prefix)) return true;
    if (!payloads)
      payloads = ingest::PayloadReader::open(directory);  // after the log: a payload is there before its key
    const auto payload = *payloads ? payload_of(**payloads, found) : Result<Payload>(forward(payloads->error()));
    if (!payload) failed = payload.error();
    return payload && listing.add(found, *payload);
  });
  if (!scanned) return report(scanned.error());
  if (failed) return report(*failed);
  return listing.finish();
}

}  // namespace firstseen
