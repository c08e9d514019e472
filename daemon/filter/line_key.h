#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "key/spec.h"

namespace firstseen::filter {

/// How the key of a line is made of these parts, payload or payload:/POINTER each; of none: all of the line is the key.
/// Exit::usage for another part, since a line has nothing but its text.
Result<key::KeySpec> line_key(const std::vector<std::string>& parts);

/// The parts as the store keeps them in its note ingest::key_parts_note: a JSON array of texts.
std::string parts_to_note(const std::vector<std::string>& parts);
/// Exit::bad_data for a text that is no such array.
Result<std::vector<std::string>> parts_of_note(const std::string& note);

}  // namespace firstseen::filter
