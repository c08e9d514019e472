#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/faces.h"

namespace firstseen::http {

/// That clients of `listen` may keep the probes from being answered; empty: they are on the loopback, or the probes
/// have a listener of their own.
std::string crowded_probes(const Options& options);

/// What is no mistake and yet to be known, each a text behind its option.
std::vector<std::string> remarks(const Options& options, std::int64_t now_ms);

}  // namespace firstseen::http
