#pragma once

#include <functional>
#include <string>

#include "base/message.h"
#include "key/deriver.h"
#include "key/registry.h"

namespace firstseen::key {

/// What a strategy makes of a message: what `inner` derives from it, or from a changed one; or, of a message whose key
/// it cannot tell, Derived::rejected(): a key made up for it would make others duplicates. May not throw. Every deriver
/// has a copy of it, which one thread at a time calls; what the copies share must be thread-safe.
using DeriveFunction = std::function<Derived(const MessageView& message, Deriver& inner)>;

/// A strategy for StrategyRegistry::add: a function on top of the strategy of the name `inner`, which gets the
/// specification that names this one. For what is more than a list of parts, which needs a changed KeySpec only.
/// `version` says what the function does, in the fingerprint: another text whenever its keys become others.
/// Explanations have no parts; MessageView::headers must be filled. To stand on itself, also through others, is
/// Exit::config when a deriver is made.
Strategy strategy_on(const std::string& inner, const std::string& version, const DeriveFunction& derive);

}  // namespace firstseen::key
