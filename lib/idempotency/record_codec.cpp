#include "idempotency/record_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/hex.h"
#include "store/codec.h"

namespace firstseen::idempotency {
namespace {

using store::load_le;
using store::store_le;

constexpr std::uint8_t record_version = 1;
constexpr std::size_t owner_bytes = 16;

// Offsets of the fixed part: lib/idempotency/README.md.
constexpr std::size_t version_at = 0;
constexpr std::size_t status_at = 1;
constexpr std::size_t outcome_at = 2;
constexpr std::size_t zero_at = 3;
constexpr std::size_t attempts_at = 4;
constexpr std::size_t created_at = 8;
constexpr std::size_t completed_at = 16;
constexpr std::size_t expires_at = 24;
constexpr std::size_t lease_at = 32;
constexpr std::size_t token_at = 40;
constexpr std::size_t accesses_at = 48;
constexpr std::size_t owner_at = 56;
constexpr std::size_t code_length_at = 72;
constexpr std::size_t message_length_at = 74;
constexpr std::size_t texts_at = 78;

tl::unexpected<Error> damaged(const Key& key, const std::string& why) {
  return fail(Exit::bad_data,
              fmt::format("the record of key '{}' is damaged: {}; erase it if nothing else helps", key.text(), why));
}

/// As much of a text as its length field can say.
std::string_view at_most(const std::string& text, std::size_t bytes) { return std::string_view(text).substr(0, bytes); }

}  // namespace

std::string encode_record(const Record& record) {
  std::array<std::uint8_t, texts_at> fixed{};
  std::string_view code;
  std::string_view message;
  fixed[version_at] = record_version;
  fixed[status_at] = static_cast<std::uint8_t>(record.status);
  if (record.outcome) {
    fixed[outcome_at] = static_cast<std::uint8_t>(record.outcome->kind);
    code = at_most(record.outcome->code, std::numeric_limits<std::uint16_t>::max());
    message = at_most(record.outcome->message, std::numeric_limits<std::uint32_t>::max());
  }
  store_le<std::uint32_t>(&fixed[attempts_at], record.attempts);
  store_le<std::int64_t>(&fixed[created_at], record.created_at_ms);
  store_le<std::int64_t>(&fixed[completed_at], record.completed_at_ms);
  store_le<std::int64_t>(&fixed[expires_at], record.expires_at_ms);
  store_le<std::int64_t>(&fixed[lease_at], record.lease_until_ms);
  store_le<std::uint64_t>(&fixed[token_at], record.token);
  store_le<std::uint64_t>(&fixed[accesses_at], record.access_count);
  const auto owner = from_hex(record.owner);
  if (owner && owner->size() == owner_bytes) std::copy(owner->begin(), owner->end(), &fixed[owner_at]);
  store_le<std::uint16_t>(&fixed[code_length_at], static_cast<std::uint16_t>(code.size()));
  store_le<std::uint32_t>(&fixed[message_length_at], static_cast<std::uint32_t>(message.size()));
  std::string bytes(reinterpret_cast<const char*>(fixed.data()), fixed.size());
  bytes += code;
  bytes += message;
  return bytes;
}

Result<Record> decode_record(const Key& key, std::span<const std::uint8_t> bytes) {
  if (bytes.size() < texts_at) return damaged(key, fmt::format("{} bytes are too few", bytes.size()));
  const std::uint8_t* at = bytes.data();
  if (at[version_at] != record_version) return damaged(key, fmt::format("version {}", at[version_at]));
  if (at[status_at] < 1 || at[status_at] > 3) return damaged(key, fmt::format("status {}", at[status_at]));
  if (at[outcome_at] > 4 || at[zero_at] != 0) return damaged(key, fmt::format("outcome {}", at[outcome_at]));
  const std::size_t code_bytes = load_le<std::uint16_t>(at + code_length_at);
  const std::size_t message_bytes = load_le<std::uint32_t>(at + message_length_at);
  if (bytes.size() != texts_at + code_bytes + message_bytes) {
    return damaged(key, fmt::format("{} bytes, {} expected", bytes.size(), texts_at + code_bytes + message_bytes));
  }
  Record record{.key = key};
  record.status = static_cast<Status>(at[status_at]);
  record.attempts = load_le<std::uint32_t>(at + attempts_at);
  record.created_at_ms = load_le<std::int64_t>(at + created_at);
  record.completed_at_ms = load_le<std::int64_t>(at + completed_at);
  record.expires_at_ms = load_le<std::int64_t>(at + expires_at);
  record.lease_until_ms = load_le<std::int64_t>(at + lease_at);
  record.token = load_le<std::uint64_t>(at + token_at);
  record.access_count = load_le<std::uint64_t>(at + accesses_at);
  const auto owner = bytes.subspan(owner_at, owner_bytes);
  if (std::any_of(owner.begin(), owner.end(), [](std::uint8_t byte) { return byte != 0; }))
    record.owner = to_hex(owner);
  if (at[outcome_at] != 0) {
    const auto* texts = reinterpret_cast<const char*>(at + texts_at);
    record.outcome = Outcome{.kind = static_cast<Outcome::Kind>(at[outcome_at]),
                             .value = {},
                             .code = std::string(texts, code_bytes),
                             .message = std::string(texts + code_bytes, message_bytes)};
  }
  return record;
}

}  // namespace firstseen::idempotency
