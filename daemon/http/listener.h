#pragma once

#include <string>

#include "base/error.h"
#include "config/endpoint.h"
#include "control/socket.h"

namespace firstseen::http {

/// Binds a TCP socket and listens, at the first of the host's addresses that can be had. Exit::try_again when another
/// socket has the port; Exit::config when the host is unknown, not this machine's, or the port not this user's.
Result<control::Fd> listen_at(const config::Endpoint& endpoint);

/// "127.0.0.1:9464", as bound; what was port 0 is the port that the kernel chose.
std::string bound_address(const control::Fd& listener);

/// Whether the socket at `bound` (as bound_address() has it) keeps others from listening at `endpoint`.
bool stands_in_the_way(const std::string& bound, const config::Endpoint& endpoint);

}  // namespace firstseen::http
