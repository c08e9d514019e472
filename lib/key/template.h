#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "key/part.h"

namespace firstseen::key {

/// The parts that a template such as "{header:tenant|none}/{payload:/id}" describes: its texts and its placeholders in
/// their order. Exit::config, with the place (characters from 1) of what is wrong. `shown` as in KeySpec::Shown: where
/// it is not empty, each part is shown as its number in that text, and the message quotes that text alone.
Result<std::vector<KeyPart>> parse_template(std::string_view text, OnMissing on_missing, const std::string& shown = {});

}  // namespace firstseen::key
