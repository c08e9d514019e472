#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "base/message.h"
#include "key/spec.h"

namespace firstseen::key {

/// Why no key could be derived; short stable names go to metrics and to the side topic's headers.
struct Rejection {
  std::string reason;  ///< missing_header | malformed_json | ... (listed in lib/key/README.md)
  std::string detail;  ///< for a person: which part, where in the payload
};

/// What derivation made of one message.
struct Derived {
  enum class Kind { key, reject, pass } kind = Kind::key;
  Digest digest;          ///< kind key
  Rejection rejection;    ///< kinds reject and pass; empty otherwise
  std::uint8_t rule = 0;  ///< kind key, and the specification has rules: the number of the one that made it

  /// A message whose key nobody can tell.
  static Derived rejected(std::string reason, std::string detail) {
    return {Kind::reject, {}, {std::move(reason), std::move(detail)}};
  }
};

/// One part of an explanation.
struct ExplainedPart {
  std::string part;           ///< as configured, or implied (namespace, scope)
  std::string found;          ///< the value in readable form, or what is missing or wrong
  std::string canonical_hex;  ///< its bytes in the canonical encoding; "<redacted>" where a hidden text is in them
};

/// A rule that was asked about a message.
struct ExplainedRule {
  std::string rule;  ///< its name
  std::string why;   ///< its condition and what the message has
  bool used = false;
};

/// Everything about one derivation, for `firstseen explain`.
struct Explanation {
  std::vector<ExplainedRule> rules;  ///< up to the one that is used; empty without rules
  std::vector<ExplainedPart> parts;
  std::string canonical_hex;  ///< the whole encoding that is hashed; "<redacted>" where a hidden text is in it
  std::string full_digest_hex;
  Derived result;
};

/// Derives keys by one strategy. Reuses its buffers: one thread at a time. An embedding program's own may not throw,
/// and says of a message whose key it cannot tell that it is rejected: a key made up for it would make others
/// duplicates.
class Deriver {
 public:
  /// By the strategy of that name (key/registry.h), or by rules. Checks the specification (unknown strategy or part,
  /// bad pointer, bucket or template, no fields, what the strategy does not use); Exit::config.
  static Result<std::unique_ptr<Deriver>> make(const KeySpec& spec);

  virtual ~Deriver() = default;
  Deriver() = default;
  Deriver(const Deriver&) = delete;
  Deriver& operator=(const Deriver&) = delete;
  Deriver(Deriver&&) = delete;
  Deriver& operator=(Deriver&&) = delete;

  /// `out` is reused between calls.
  virtual void derive(const MessageView& message, Derived& out) = 0;
  /// The same, where nothing is reused.
  [[nodiscard]] Derived derive(const MessageView& message) {
    Derived out;
    derive(message, out);
    return out;
  }
  [[nodiscard]] virtual Explanation explain(const MessageView& message) = 0;

  /// MessageView::headers must be filled.
  [[nodiscard]] virtual bool needs_headers() const = 0;
  /// Everything that decides which messages are equal, as one line of readable text with the encoding's version: the
  /// value pinned in the store as "key". Of texts that must not be shown (KeySpec::Shown) it holds a digest.
  [[nodiscard]] virtual std::string fingerprint() const = 0;
  /// The fingerprint for a person: beside each digest of a hidden text stands the text that is shown for it.
  [[nodiscard]] virtual std::string description() const { return fingerprint(); }
};

}  // namespace firstseen::key
