#pragma once

#include "key/deriver.h"

namespace firstseen::key {

/// What derivation makes of one message.
inline Derived derived(Deriver& deriver, const MessageView& message) { return deriver.derive(message); }

}  // namespace firstseen::key
