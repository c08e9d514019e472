#pragma once

#include <string_view>

namespace firstseen {

/// Whether a Kafka property's name says that its value must never be printed: passwords, secrets, tokens, private keys.
bool is_secret_name(std::string_view property);

/// Whether a Kafka property's name says that its value is the path of a file, which is no secret.
bool is_path_name(std::string_view property);

}  // namespace firstseen
