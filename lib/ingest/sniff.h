#pragma once

#include <memory>

#include "base/error.h"
#include "ingest/byte_source.h"

namespace firstseen::ingest {

struct Sniffed {
  std::unique_ptr<ByteSource> source;  ///< still gives every byte
  char first_byte = '\0';              ///< that is not JSON's white space; '\0' also when there is none
};

/// What a source begins with.
Result<Sniffed> sniff(std::unique_ptr<ByteSource> source);

}  // namespace firstseen::ingest
