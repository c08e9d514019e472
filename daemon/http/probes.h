#pragma once

#include "board.h"
#include "http/server.h"

namespace firstseen::http {

/// Is a restart of no use? Status 200 while the loop makes steps, and while the store is being opened or closed.
Response livez(const Picture& picture);

/// Does it do its work? Status 200 when the store is open, a broker answers and the slot runs; a line for each.
Response readyz(const Picture& picture);

/// Has the long part of the start ended? Status 200 once the store is open.
Response startupz(const Picture& picture);

}  // namespace firstseen::http
