#pragma once

#include <memory>

#include "base/error.h"
#include "key/deriver.h"
#include "key/spec.h"

/// The library's own strategies, as lib/key/README.md specifies them. Exit::config for what they cannot use.
namespace firstseen::key {

Result<std::unique_ptr<Deriver>> make_default(const KeySpec& spec);
Result<std::unique_ptr<Deriver>> make_fields(const KeySpec& spec);
Result<std::unique_ptr<Deriver>> make_hash(const KeySpec& spec);
Result<std::unique_ptr<Deriver>> make_template(const KeySpec& spec);

}  // namespace firstseen::key
