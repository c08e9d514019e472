#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace firstseen {

/// Lower-case hexadecimal, two digits per byte.
std::string to_hex(std::span<const std::uint8_t> bytes);

/// The bytes of a hexadecimal text of even length (either case), or nothing.
std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);

}  // namespace firstseen
