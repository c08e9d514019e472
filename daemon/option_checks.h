#pragma once

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <string>
#include <vector>

namespace firstseen {

/// For CLI::Option::check(). What an option takes stands in its help once, as its type_name(): these add nothing to it.
inline CLI::Validator not_empty() {
  return {[](const std::string& text) { return text.empty() ? std::string("must not be empty") : std::string(); }, ""};
}

template <class T>
CLI::Validator between(T lowest, T highest) {
  return CLI::Range(lowest, highest).description("");
}

/// One of a few words; shown as "one|two".
inline CLI::Option* choose(CLI::Option* option, const std::vector<std::string>& words) {
  std::string shown;
  for (const std::string& word : words) shown += (shown.empty() ? "" : "|") + word;
  return option->check(CLI::IsMember(words).description(""))->type_name(shown);
}

}  // namespace firstseen
