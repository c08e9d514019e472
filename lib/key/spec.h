#pragma once

#include <optional>
#include <string>
#include <vector>

namespace firstseen::key {

/// What happens to a message that lacks a part of its key.
enum class OnMissing {
  reject,   ///< the rejects route
  as_null,  ///< counts as a part of its own kind, different from null and from ""
  pass,     ///< published without being checked or recorded
};

enum class Scope {
  none,             ///< one set of keys for everything
  topic,            ///< the same key in two input topics is two keys
  topic_partition,  ///< the same key in two partitions is two keys
};

enum class DigestAlgorithm { sha256, sha512, blake2b512, xxh3_128 };

/// One part of a key as configured: record_key, header:NAME, payload, payload:/json/pointer, topic, partition,
/// timestamp:BUCKET.
struct PartSpec {
  std::string text;
  std::optional<OnMissing> on_missing;  ///< nothing: the key's own
};

/// How keys are derived; the `key` section of the configuration.
struct KeySpec {
  std::string strategy = "fields";  ///< fields | default
  std::string name_space;           ///< `namespace`
  Scope scope = Scope::topic;
  std::vector<PartSpec> fields;  ///< strategy fields
  DigestAlgorithm digest = DigestAlgorithm::sha256;
  OnMissing on_missing = OnMissing::reject;
  std::string context_user;     ///< a part's text, or empty; strategy default
  std::string context_session;  ///< a part's text, or empty; strategy default
};

}  // namespace firstseen::key
