#pragma once

#include <string>

namespace firstseen::config {

/// config/REFERENCE.md: every option with type, default, bounds and meaning.
std::string reference_markdown();

/// config/firstseen.schema.json: a JSON Schema (draft 2020-12) for editors.
std::string json_schema();

}  // namespace firstseen::config
