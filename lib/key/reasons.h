#pragma once

#include <string_view>

/// Why a message has no key: the stable names that go to metrics and headers. lib/key/README.md says when each is used.
namespace firstseen::key::reason {

inline constexpr std::string_view null_record_key = "null_record_key";
inline constexpr std::string_view missing_header = "missing_header";
inline constexpr std::string_view null_header = "null_header";
inline constexpr std::string_view null_value = "null_value";
inline constexpr std::string_view missing_member = "missing_member";
inline constexpr std::string_view missing_timestamp = "missing_timestamp";

inline constexpr std::string_view empty_document = "empty_document";
inline constexpr std::string_view malformed_json = "malformed_json";
inline constexpr std::string_view invalid_utf8 = "invalid_utf8";
inline constexpr std::string_view invalid_string = "invalid_string";
inline constexpr std::string_view invalid_number = "invalid_number";
inline constexpr std::string_view number_out_of_range = "number_out_of_range";
inline constexpr std::string_view repeated_member = "repeated_member";
inline constexpr std::string_view nested_too_deeply = "nested_too_deeply";
inline constexpr std::string_view trailing_data = "trailing_data";
inline constexpr std::string_view payload_too_large = "payload_too_large";

inline constexpr std::string_view no_rule = "no_rule";

inline constexpr std::string_view digest_failed = "digest_failed";

}  // namespace firstseen::key::reason
