#pragma once

#include <string>
#include <vector>

#include "kafka/options.h"

namespace firstseen::kafka {

/// What librdkafka's own texts must not show: it quotes values of properties, whole or in part.
class HiddenTexts {
 public:
  HiddenTexts() = default;
  /// The values of secret properties, and what ${...} put into others, but for paths, numbers, choices, and what is the
  /// group or a broker anyway.
  explicit HiddenTexts(const ClientOptions& options);

  /// The text with "<redacted>" for each of them, for a piece of one that it ends with, and for what an "Unrecognized
  /// ... beginning at:" quotes. One of less than four characters is taken for one only as a word of its own.
  [[nodiscard]] std::string removed_from(const std::string& text) const;

 private:
  std::vector<std::string> texts_;
};

}  // namespace firstseen::kafka
