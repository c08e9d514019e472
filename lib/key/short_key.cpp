#include "key/short_key.h"

#include <fmt/format.h>

#include <array>

#include "key/joined_key.h"

namespace firstseen::key {
namespace {

constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view all_digits = "0123456789abcdefABCDEF";

tl::unexpected<Error> refused(std::string message) { return fail(Exit::bad_data, std::move(message)); }

Result<void> not_empty(std::string_view text, std::string_view name) {
  if (!text.empty()) return {};
  return refused(fmt::format("a short key needs {}: without it, different steps would have one key", name));
}

}  // namespace

Result<ShortKey> ShortKey::of_step(std::string_view run, std::string_view episode, std::uint64_t step) {
  if (auto given = not_empty(run, "a run"); !given) return forward(given.error());
  if (auto given = not_empty(episode, "an episode"); !given) return forward(given.error());
  const std::string step_text = std::to_string(step);
  const std::array<std::string_view, 3> parts{run, episode, step_text};
  const auto hash = joined_key(parts, "::");
  if (!hash) return fail(hash.error().exit, "a short key of run::episode::step: " + hash.error().message);
  return ShortKey(std::string(prefix) + hash->substr(0, digits));
}

Result<ShortKey> ShortKey::of_intent(const IntentMetadata& metadata) {
  if (auto given = not_empty(metadata.intent, "an intent"); !given) return forward(given.error());
  if (auto given = not_empty(metadata.actor, "an actor"); !given) return forward(given.error());
  if (const std::size_t at = metadata.intent.find(':'); at != std::string_view::npos) {
    return refused(
        fmt::format("the intent '{}' contains ':' (byte {}), so another intent and actor would have the same key",
                    metadata.intent, at));
  }
  return of_step(fmt::format("{}:{}", metadata.intent, metadata.actor), metadata.episode, metadata.step.value_or(0));
}

std::optional<ShortKey::Fault> ShortKey::find_fault(std::string_view text) {
  if (!text.starts_with(prefix)) return Fault::wrong_prefix;
  if (text.size() != length) return Fault::wrong_length;
  const std::string_view hash = text.substr(prefix.size());
  if (hash.find_first_not_of(all_digits) != std::string_view::npos) return Fault::no_hex_digit;
  if (hash.find_first_not_of(lower_digits) != std::string_view::npos) return Fault::upper_case;
  return std::nullopt;
}

Result<ShortKey> ShortKey::parse(std::string_view text) {
  const auto fault = find_fault(text);
  if (!fault) return ShortKey(std::string(text));
  switch (*fault) {
    case Fault::wrong_prefix:
      return refused(fmt::format("a short key begins with '{}'; this text does not", prefix));
    case Fault::wrong_length:
      return refused(fmt::format("a short key is {} characters long; this one has {}", length, text.size()));
    case Fault::no_hex_digit:
      return refused(fmt::format("a short key has {} hexadecimal digits behind '{}'; byte {} is none", digits, prefix,
                                 text.find_first_not_of(all_digits, prefix.size())));
    case Fault::upper_case:
      return refused(fmt::format("a short key is written in lower-case letters; byte {} is an upper-case one",
                                 text.find_first_not_of(lower_digits, prefix.size())));
  }
  return refused("this is no short key");
}

}  // namespace firstseen::key
