#pragma once

#include <CLI/App.hpp>
#include <functional>

#include "base/error.h"

namespace firstseen {

/// Set by the command that the command line has chosen; run by main once everything is parsed.
using Chosen = std::function<Exit()>;

// Each adds one command to the program's command line. `chosen` outlives the parsing.
void add_run(CLI::App& program, Chosen& chosen);
void add_demo(CLI::App& program, Chosen& chosen);
void add_validate(CLI::App& program, Chosen& chosen);
void add_explain(CLI::App& program, Chosen& chosen);
void add_filter(CLI::App& program, Chosen& chosen);
void add_ingest(CLI::App& program, Chosen& chosen);
void add_status(CLI::App& program, Chosen& chosen);
void add_skip(CLI::App& program, Chosen& chosen);
void add_pause(CLI::App& program, Chosen& chosen);
void add_resume(CLI::App& program, Chosen& chosen);
void add_reload(CLI::App& program, Chosen& chosen);
void add_store(CLI::App& program, Chosen& chosen);
void add_version(CLI::App& program, Chosen& chosen);
void add_manual(CLI::App& program, Chosen& chosen);

}  // namespace firstseen
