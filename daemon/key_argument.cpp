#include "key_argument.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <vector>

#include "base/hex.h"
#include "configuration.h"
#include "identity.h"
#include "key/deriver.h"
#include "message_json.h"
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
  if (!input) return fail(Exit::io, "cannot read " + name);
  return read_text(input, name == "-" ? "stdin" : name);
}

/// By another configuration the same message has another key.
Result<void> check_store_of(const Configuration& configuration, const key::Deriver& deriver) {
  const auto directory = slot_directory(configuration.store_path);
  const auto facts = store::inspect(directory);
  if (!facts) return forward(facts.error());
  return store::check_pins(directory, facts->pins, world_of(configuration, deriver));
}

Result<Digest> derive(key::Deriver& deriver, const daemon::OwnedMessage& message) {
  std::vector<HeaderView> headers;
  headers.reserve(message.headers.size());
  for (const auto& [name, value] : message.headers) headers.push_back({name, value});
  MessageView view;
  view.topic = message.topic;
  view.partition = message.partition;
  view.offset = message.offset;
  view.timestamp_ms = message.timestamp_ms;
  view.key = message.key;
  view.value = message.value;
  view.headers = headers;
  key::Derived derived;
  deriver.derive(view, derived);
  if (derived.kind == key::Derived::Kind::key) return derived.digest;
  return fail(Exit::bad_data,
              fmt::format("the message has no key: {} ({})", derived.rejection.detail, derived.rejection.reason));
}

}  // namespace

void add_key(CLI::App& command, const std::shared_ptr<KeyArgument>& key) {
  auto* group = command.add_option_group("key", "Which key");
  group
      ->add_option("--digest", key->digest,
                   "The key's digest as 'explain' prints it: 32 hexadecimal digits, of a longer one the first")
      ->type_name("HEX");
  group->add_option("--message", key->message, "A message with that key, as 'explain' reads it; needs --config")
      ->type_name("FILE");
  group->add_option("--key", key->operation, "The key of 'firstseen exec'")->type_name("TEXT");
  group->require_option(1);
}

Result<void> check_kind(const KeyArgument& key, const std::filesystem::path& path) {
  std::error_code ignored;
  if (key.operation.empty() && holds_operations(path)) {
    return fail(Exit::usage,
                fmt::format("{} is a store of operations (of 'firstseen exec'): use --key", path.string()));
  }
  if (!key.operation.empty() && std::filesystem::exists(slot_directory(path), ignored)) {
    return fail(Exit::usage,
                fmt::format("{} is a store of seen keys: use --digest, or --message with --config", path.string()));
  }
  return {};
}

Result<Digest> digest_of(const KeyArgument& key, const Target& target) {
  if (!key.digest.empty()) return from_text(key.digest);
  if (target.config.empty()) return fail(Exit::usage, "--message needs --config: the key's fields stand there");
  const auto configuration = load_configuration(target.config);
  if (!configuration) return forward(configuration.error());
  const auto deriver = key::Deriver::make(configuration->key);
  if (!deriver) return forward(deriver.error());
  const auto text = read_all(key.message);
  if (!text) return forward(text.error());
  const auto message = daemon::read_message_json(*text, configuration->slot.topics.front());
  if (!message) return forward(message.error());
  auto digest = derive(**deriver, *message);
  if (!digest) return digest;
  if (auto ours = check_store_of(*configuration, **deriver); !ours) return forward(ours.error());
  return digest;
}

}  // namespace firstseen
