#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"
#include "idempotency/record.h"

namespace firstseen::idempotency {

/// The bytes of a record without its key and its outcome's value, as lib/idempotency/README.md specifies them.
std::string encode_record(const Record& record);

/// The record of these bytes. Exit::bad_data, with the reason, for bytes that encode_record cannot have made.
Result<Record> decode_record(const Key& key, std::span<const std::uint8_t> bytes);

}  // namespace firstseen::idempotency
