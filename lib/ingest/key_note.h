#pragma once

#include <string>

#include "base/error.h"
#include "key/spec.h"

namespace firstseen::ingest {

/// A store of keys says by itself how they are made of a record, in its note key_parts_note: a JSON array of the parts,
/// payload or payload:/POINTER each. So a record can be looked up without anybody saying it again.

/// Empty where the specification is more than such a list: then the store says nothing.
std::string note_of_key(const key::KeySpec& spec);

/// Exit::bad_data for a text that is no such array. Of an empty one: all of the record is the key.
Result<key::KeySpec> key_of_note(const std::string& note);

}  // namespace firstseen::ingest
