#include "key_argument.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <vector>

#include "base/hex.h"
#include "configuration.h"
#include "identity.h"
#include "ingest/durable_window.h"
#include "ingest/key_note.h"
#include "key/deriver.h"
#include "message_json.h"
#include "option_checks.h"
#include "read_text.h"
#include "store/inspect.h"
#include "store/pins.h"
#include "store_layout.h"

namespace firstseen {
namespace {

Result<Digest> from_text(const std::string& text) {
  const auto bytes = from_hex(text);
  Digest digest;
  if (!bytes || bytes->size() < digest.bytes.size()) {
    return fail(Exit::usage,
                fmt::format("--digest '{}' is not {} hexadecimal digits or more; 'firstseen explain' prints them", text,
                            2 * digest.bytes.size()));
  }
  std::copy_n(bytes->begin(), digest.bytes.size(), digest.bytes.begin());
  return digest;
}

Result<std::string> read_all(const std::string& name) {
  std::ifstream file;
  if (name != "-") file.open(name, std::ios::binary);
  std::istream& input = name == "-" ? std::cin : file;
  if (!input) return forward(cannot_read(name));
  return read_text(input, name == "-" ? "stdin" : name);
}

/// By another configuration the same message has another key.
Result<void> check_store_of(const Configuration& configuration, const key::Deriver& deriver) {
  const auto directory = slot_directory(configuration.store_path);
  const auto facts = store::inspect(directory);
  if (!facts) return forward(facts.error());
  return store::check_pins(directory, facts->pins, world_of(configuration, deriver));
}

Result<Digest> derive(key::Deriver& deriver, const MessageView& message, const char* what) {
  key::Derived derived;
  deriver.derive(message, derived);
  if (derived.kind == key::Derived::Kind::key) return derived.digest;
  return fail(Exit::bad_data,
              fmt::format("the {} has no key: {} ({})", what, derived.rejection.detail, derived.rejection.reason));
}

/// The store itself says how its keys are made.
Result<Digest> of_line(const std::string& line, const FoundStore& store) {
  const auto facts = store::inspect(slot_directory(store.directory));
  if (!facts) return forward(facts.error());
  const auto note = facts->notes.find(ingest::key_parts_note);
  if (note == facts->notes.end()) {
    return fail(Exit::config,
                fmt::format("{} does not say how its keys are made, as an older firstseen made it or a "
                            "program of its own: run 'firstseen {}' on it once, or use --digest",
                            store.directory.string(), store.kind == StoreKind::filter ? "filter" : "ingest --key"));
  }
  const auto spec = ingest::key_of_note(note->second);
  if (!spec) return forward(spec.error());
  const auto deriver = key::Deriver::make(*spec);
  if (!deriver) return forward(deriver.error());
  const auto pinned = facts->pins.find("key");
  if (pinned == facts->pins.end() || pinned->second != (*deriver)->fingerprint()) {
    return fail(Exit::config, fmt::format("{}: its note of the key's parts is not of its keys: use --digest",
                                          store.directory.string()));
  }
  MessageView message;
  message.value = line;
  return derive(**deriver, message, "line");
}

/// What is wrong whatever the store is.
Result<void> check_words(const KeyArgument& key, const Target& target) {
  if (!key.message.empty() && target.config.empty()) {
    return fail(Exit::usage, "--message needs --config: the key's fields stand there");
  }
  if (key.digest.empty()) return {};
  const auto digest = from_text(key.digest);
  if (!digest) return forward(digest.error());
  return {};
}

/// Of a ledger whose records are told apart by keys.
std::string where_its_keys_are(const FoundStore& ledger) {
  const auto keys = ledger.directory / "keys";
  const auto kind = kind_of_store(keys);
  if (!kind || *kind != StoreKind::ingest_keys) return {};
  return fmt::format(", or a record with --line in --store {}", keys.string());
}

/// Does the store know its keys by what was given?
Result<void> check_key(const KeyArgument& key, const FoundStore& store) {
  const bool by_name = !key.name.empty();
  switch (store.kind) {
    case StoreKind::operations:
      return by_name ? Result<void>() : refuse(store, "name the operation with --key");
    case StoreKind::ledger:
      return by_name ? Result<void>() : refuse(store, "name the file with --key PATH" + where_its_keys_are(store));
    case StoreKind::filter:
    case StoreKind::ingest_keys:
      return by_name || !key.message.empty() ? refuse(store, "use --line, or --digest") : Result<void>();
    case StoreKind::seen:
    case StoreKind::none:
      break;
  }
  return by_name || !key.line.empty() ? refuse(store, "use --digest, or --message with --config") : Result<void>();
}

}  // namespace

void add_key(CLI::App& command, const std::shared_ptr<KeyArgument>& key) {
  auto* group = command.add_option_group("key", "Which key");
  group
      ->add_option("--digest", key->digest,
                   "The key's digest as 'explain' prints it: 32 hexadecimal digits, of a longer one the first")
      ->type_name("HEX")
      ->check(not_empty());
  group->add_option("--message", key->message, "A message with that key, as 'explain' reads it; needs --config")
      ->type_name("FILE")
      ->check(not_empty());
  group
      ->add_option("--line", key->line,
                   "A line with that key, as 'firstseen filter' wrote it, or a record as 'firstseen ingest --key' did")
      ->type_name("LINE")
      ->check(not_empty());
  group->add_option("--key", key->name, "The key of 'firstseen exec', or the path of a file of 'firstseen ingest'")
      ->type_name("KEY")
      ->check(not_empty());
  group->require_option(1);
}

Result<FoundStore> find_store_of(const KeyArgument& key, const Target& target) {
  auto found = find_store(target);
  if (found) {
    if (auto right = check_key(key, *found); !right) return forward(right.error());
  } else if (auto words = check_words(key, target); !words) {
    return forward(words.error());
  }
  return found;
}

Result<Digest> digest_of(const KeyArgument& key, const Target& target, const FoundStore& store) {
  if (!key.digest.empty()) return from_text(key.digest);
  if (!key.line.empty()) return of_line(key.line, store);
  if (auto words = check_words(key, target); !words) return forward(words.error());
  const auto configuration = load_configuration(target.config, Secrets::leave);
  if (!configuration) return forward(configuration.error());
  const auto deriver = key::Deriver::make(configuration->key);
  if (!deriver) return forward(deriver.error());
  const auto text = read_all(key.message);
  if (!text) return forward(text.error());
  const auto message = daemon::read_message_json(*text, daemon::sole_topic(configuration->slot.topics));
  if (!message) return forward(message.error());
  std::vector<HeaderView> headers;
  auto digest = derive(**deriver, daemon::view_of(*message, headers), "message");
  if (!digest) return digest;
  if (auto ours = check_store_of(*configuration, **deriver); !ours) return forward(ours.error());
  return digest;
}

}  // namespace firstseen
