#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace firstseen::key {

/// What a program says of a step that it intends to do.
struct IntentMetadata {
  std::string_view intent;
  std::string_view actor;
  std::string_view episode;
  std::optional<std::uint64_t> step = std::nullopt;  ///< nothing: 0
};

/// The short form of keys: "idem_" and the first 16 hexadecimal digits of SHA-256 over "run::episode::step", the step
/// in decimal. 64 bits: among 600 million keys two are equal with a probability of 1 %.
class ShortKey {
 public:
  static constexpr std::string_view prefix = "idem_";
  static constexpr std::size_t digits = 16;
  static constexpr std::size_t length = 21;

  /// What is wrong with a text that is no short key; the first of these.
  enum class Fault {
    wrong_prefix,  ///< does not begin with "idem_"
    wrong_length,  ///< is not 21 bytes long
    no_hex_digit,  ///< something behind the prefix is no hexadecimal digit
    upper_case,    ///< a hexadecimal digit is an upper-case letter: other bytes, thus another key
  };

  /// Run and episode may not be empty nor contain "::" nor make one with what stands beside them; Exit::bad_data.
  static Result<ShortKey> of_step(std::string_view run, std::string_view episode, std::uint64_t step);
  /// The run is "intent:actor". The intent may not contain ':', so that no other intent and actor make the same run.
  static Result<ShortKey> of_intent(const IntentMetadata& metadata);
  /// Takes a text as it is; Exit::bad_data, with the fault and its place.
  static Result<ShortKey> parse(std::string_view text);
  /// Nothing: the text is a short key.
  static std::optional<Fault> find_fault(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  bool operator==(const ShortKey&) const = default;

 private:
  explicit ShortKey(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace firstseen::key
