#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/faces.h"

namespace firstseen::http {

/// What is no mistake and yet to be known, each a text behind its option.
std::vector<std::string> remarks(const Options& options, std::int64_t now_ms);

}  // namespace firstseen::http
