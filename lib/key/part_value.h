#pragma once

#include <string>
#include <string_view>

#include "base/message.h"
#include "key/json_selector.h"
#include "key/part.h"

namespace firstseen::key {

/// Why a part of a message is not there.
struct Absence {
  std::string_view reason;  ///< a stable name, see key/reasons.h; empty: it is there
  Tag tag = Tag::missing;   ///< how it counts with as_null
  explicit operator bool() const { return !reason.empty(); }
};

/// Appends the part's kind and value to `out`; when it is not there, the kind and the part's default or else the
/// absence's tag. `selector` has read the message's value if the part is a pointer and the value is not null; it is not
/// used otherwise.
Absence append_part(const KeyPart& part, const MessageView& message, const JsonSelector* selector, std::string& out);

/// The last header of that name (as Kafka's Headers.lastHeader), or null.
const HeaderView* last_header(const MessageView& message, std::string_view name);

/// The start of the bucket that a timestamp lies in; both in milliseconds since the Unix epoch, not negative.
constexpr std::int64_t bucket_start(std::int64_t timestamp_ms, std::int64_t bucket_ms) {
  return timestamp_ms - timestamp_ms % bucket_ms;
}

}  // namespace firstseen::key
