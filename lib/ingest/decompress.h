#pragma once

#include <memory>

#include "base/error.h"
#include "ingest/byte_source.h"

namespace firstseen::ingest {

/// The plain bytes of a source: gzip (RFC 1952) and zstd (RFC 8878) are recognised by their magic numbers, streamed,
/// and may be several members or frames one after the other; everything else passes through as it is, unless the
/// source's name ends with .gz or .zst: then it is Exit::bad_data, also when it is empty. Data that are cut off or
/// damaged, and anything else behind the last member, make read() fail with Exit::bad_data; what came before them has
/// been delivered.
Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source);

}  // namespace firstseen::ingest
