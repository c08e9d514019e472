#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "key/deriver.h"
#include "key/digester.h"
#include "key/json_selector.h"
#include "key/part.h"

namespace firstseen::key {

/// Derives the key from a fixed list of parts; the strategies differ only in how they make that list.
class PartListDeriver final : public Deriver {
 public:
  /// `parts` in the order of the encoding, namespace and scope among them.
  static Result<std::unique_ptr<Deriver>> make(std::vector<KeyPart> parts, DigestAlgorithm algorithm);

  PartListDeriver(std::vector<KeyPart> parts, DigestAlgorithm algorithm, std::unique_ptr<Digester> digester);

  void derive(const MessageView& message, Derived& out) override;
  [[nodiscard]] Explanation explain(const MessageView& message) override;
  [[nodiscard]] bool needs_headers() const override;
  [[nodiscard]] std::string fingerprint() const override;
  [[nodiscard]] std::string description() const override;

 private:
  [[nodiscard]] std::optional<Rejection> read_payload(const MessageView& message);
  /// "encoding=1 digest=sha256 parts=[...]", with a text for each part.
  [[nodiscard]] std::string summary(std::string (*text_of)(const KeyPart&)) const;
  bool encode_parts(const MessageView& message, Derived& out);

  std::vector<KeyPart> parts_;
  DigestAlgorithm algorithm_;
  std::unique_ptr<Digester> digester_;
  std::unique_ptr<JsonSelector> selector_;  ///< null when no part is a pointer
  std::string canonical_;
  FullDigest digest_;
};

}  // namespace firstseen::key
