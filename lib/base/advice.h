#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace firstseen {

/// The text as one word of sh, bash and zsh: in single quotes.
std::string shell_quoted(std::string_view text);

/// The same, without quotes where it needs none.
std::string shell_word(std::string_view text);

/// Makes the commands that a person is told to run: to be pasted into a shell of this machine, in any directory.
struct Advice {
  std::filesystem::path store = {};   ///< the store's directory; empty: the command is told without one
  std::filesystem::path config = {};  ///< the configuration file; likewise

  /// "firstseen skip --store /var/lib/firstseen orders 1 7"; `operands` are words of a shell already.
  [[nodiscard]] std::string by_store(std::string_view command, std::string_view operands = "") const;
  /// "firstseen store prime --config /etc/firstseen/orders.yaml": for commands that need all of the configuration.
  [[nodiscard]] std::string by_config(std::string_view command) const;
};

}  // namespace firstseen
