#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "key/part.h"

namespace firstseen::key {

/// The parts that a template such as "{header:tenant|none}/{payload:/id}" describes: its texts and its placeholders in
/// their order. Exit::config, with the place (characters from 1) of what is wrong.
Result<std::vector<KeyPart>> parse_template(std::string_view text, OnMissing on_missing);

}  // namespace firstseen::key
