#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/message.h"
#include "key/json_selector.h"
#include "key/part.h"

/// Texts for a person; used when something is rejected or explained, never on the way of a good message.
namespace firstseen::key {

/// Stands for what must not be shown.
inline constexpr std::string_view redacted = "<redacted>";

/// "header:tenant: the message has no such header".
std::string absence_text(const KeyPart& part, std::string_view reason);

/// Quoted; bytes that are not UTF-8 in hexadecimal.
std::string bytes_text(std::optional<std::string_view> present);

/// What a part that is there holds: texts and bytes quoted (bytes that are not UTF-8 in hexadecimal), JSON as it stands
/// in the message.
std::string found_text(const KeyPart& part, const MessageView& message, const JsonSelector* selector);

}  // namespace firstseen::key
