#pragma once

#include "base/error.h"
#include "ingest/steps.h"

namespace firstseen::ingest_command {

/// The hook that the environment asks for: FIRSTSEEN_CRASH_AT=STEP[:COUNT] kills this process with SIGKILL at the
/// COUNTth time of a step of ingest/steps.h, whichever worker comes to it; what the crash tests are made of. Empty when
/// the variable is not set; Exit::usage for anything else.
Result<ingest::StepHook> crash_hook_from_environment();

}  // namespace firstseen::ingest_command
