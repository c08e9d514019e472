#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace firstseen::config {

/// Replaces ${NAME} by the environment variable and ${file:PATH} by the file's contents (less one line end at its end,
/// at most 64 KiB); "$${" stands for "${". What is put in is not expanded again. An unset variable, an unreadable file
/// and an unclosed ${ are errors; their messages never contain a value. `put_in` gets what was put in.
Result<std::string> expand(std::string_view text, std::vector<std::string>* put_in = nullptr);

/// Whether expand() puts something in: a ${ that "$${" does not escape.
bool has_reference(std::string_view text);

}  // namespace firstseen::config
