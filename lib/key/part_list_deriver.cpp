#include "key/part_list_deriver.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hex.h"
#include "key/explained_part.h"
#include "key/json_text.h"
#include "key/part_value.h"
#include "key/reasons.h"

namespace firstseen::key {
namespace {

std::string hex(std::string_view bytes) {
  return to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

/// Gives every pointer its number and makes the selector that serves them all.
std::unique_ptr<JsonSelector> make_selector(std::vector<KeyPart>& parts) {
  std::vector<JsonPointer> pointers;
  for (KeyPart& part : parts) {
    if (part.kind != PartKind::payload_pointer) continue;
    part.selector = pointers.size();
    pointers.push_back(part.pointer);
  }
  if (pointers.empty()) return nullptr;
  return std::make_unique<JsonSelector>(pointers);
}

/// Puts into each part what the fingerprint says of it: its text, or where that is hidden the text's SHA-256.
Result<void> set_fingerprints(std::vector<KeyPart>& parts) {
  auto sha256 = Digester::make(DigestAlgorithm::sha256);
  if (!sha256) return forward(sha256.error());
  for (KeyPart& part : parts) {
    part.fingerprint = part.text;
    if (!part.hidden()) continue;
    FullDigest digest;
    if (!(*sha256)->hash(part.text, digest)) return fail(Exit::config, "SHA-256 could not be computed by OpenSSL");
    part.fingerprint = "sha256:" + to_hex(digest.view());
  }
  return {};
}

void set_rejection(Derived& out, Derived::Kind kind, std::string_view reason, std::string detail) {
  out.kind = kind;
  out.rejection.reason = reason;
  out.rejection.detail = std::move(detail);
}

}  // namespace

Result<std::unique_ptr<Deriver>> PartListDeriver::make(std::vector<KeyPart> parts, DigestAlgorithm algorithm) {
  auto digester = Digester::make(algorithm);
  if (!digester) return forward(digester.error());
  if (auto set = set_fingerprints(parts); !set) return forward(set.error());
  std::unique_ptr<Deriver> made = std::make_unique<PartListDeriver>(std::move(parts), algorithm, std::move(*digester));
  return made;
}

PartListDeriver::PartListDeriver(std::vector<KeyPart> parts, DigestAlgorithm algorithm,
                                 std::unique_ptr<Digester> digester)
    : parts_(std::move(parts)),
      algorithm_(algorithm),
      digester_(std::move(digester)),
      selector_(make_selector(parts_)) {}

void PartListDeriver::derive(const MessageView& message, Derived& out) {
  out.kind = Derived::Kind::key;
  out.rejection.reason.clear();
  out.rejection.detail.clear();
  if (auto malformed = read_payload(message)) {
    out.kind = Derived::Kind::reject;
    out.rejection = std::move(*malformed);
    return;
  }
  if (!encode_parts(message, out)) return;
  if (!digester_->hash(canonical_, digest_)) {
    set_rejection(out, Derived::Kind::reject, reason::digest_failed, "the digest could not be computed by OpenSSL");
    return;
  }
  out.digest = digest_.stored();
}

std::optional<Rejection> PartListDeriver::read_payload(const MessageView& message) {
  if (!selector_ || !message.value || selector_->read(*message.value)) return std::nullopt;
  const JsonFault& fault = selector_->fault();
  return Rejection{std::string(fault.reason), fmt::format("payload, byte {}: {}", fault.offset, fault.note)};
}

/// False when a missing part decides: a part that rejects wins over one that passes, whatever their order.
bool PartListDeriver::encode_parts(const MessageView& message, Derived& out) {
  canonical_.clear();
  append_byte(canonical_, encoding_version);
  append_length(canonical_, parts_.size());
  for (const KeyPart& part : parts_) {
    const Absence absence = append_part(part, message, selector_.get(), canonical_);
    if (!absence || part.otherwise || part.on_missing == OnMissing::as_null) continue;
    const bool reject = part.on_missing == OnMissing::reject;
    if (!reject && out.kind == Derived::Kind::pass) continue;
    set_rejection(out, reject ? Derived::Kind::reject : Derived::Kind::pass, absence.reason,
                  absence_text(part, absence.reason));
    if (reject) return false;
  }
  return out.kind == Derived::Kind::key;
}

Explanation PartListDeriver::explain(const MessageView& message) {
  Explanation explanation;
  derive(message, explanation.result);
  const auto malformed = read_payload(message);
  for (const KeyPart& part : parts_) {
    ExplainedPart explained{part.label(), {}, {}};
    if (malformed && part.kind == PartKind::payload_pointer) {
      explained.found = fmt::format("{}: {}", malformed->reason, malformed->detail);
    } else {
      std::string encoding;
      const Absence absence = append_part(part, message, selector_.get(), encoding);
      explained.found = absence ? absence_text(part, absence.reason) : found_text(part, message, selector_.get());
      explained.canonical_hex = part.encodes_hidden() ? std::string(redacted) : hex(encoding);
    }
    explanation.parts.push_back(std::move(explained));
  }
  if (explanation.result.kind == Derived::Kind::key) {
    const bool secret =
        std::any_of(parts_.begin(), parts_.end(), [](const KeyPart& part) { return part.encodes_hidden(); });
    explanation.canonical_hex = secret ? std::string(redacted) : hex(canonical_);
    explanation.full_digest_hex = to_hex(digest_.view());
  }
  return explanation;
}

bool PartListDeriver::needs_headers() const {
  return std::any_of(parts_.begin(), parts_.end(), [](const KeyPart& part) { return part.kind == PartKind::header; });
}

std::string PartListDeriver::summary(std::string (*text_of)(const KeyPart&)) const {
  std::string text = fmt::format("encoding={} digest={} parts=[", encoding_version, digest_name(algorithm_));
  for (const KeyPart& part : parts_) text += (text.back() == '[' ? "" : ",") + json_quoted(text_of(part));
  return text + "]";
}

std::string PartListDeriver::fingerprint() const {
  return summary([](const KeyPart& part) { return part.fingerprint; });
}

std::string PartListDeriver::description() const {
  return summary([](const KeyPart& part) {
    return part.hidden() ? fmt::format("{} ({})", part.shown, part.fingerprint) : part.text;
  });
}

}  // namespace firstseen::key
