#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "config/load.h"

namespace firstseen::config {

/// The required options and nothing else: lines 1 to 3 of a file.
inline const std::string minimal =
    "input: {topics: [orders], group: g}\n"
    "output: {topic: orders.unique}\n"
    "key: {fields: [record_key]}\n";

/// The problems that a text has, one a line; empty: none.
inline std::string problems_of(const std::string& yaml) {
  const auto settings = load_text(yaml, "f.yaml", {});
  if (settings) return {};
  EXPECT_EQ(settings.error().exit, Exit::config);
  EXPECT_FALSE(settings.error().message.empty());
  return settings.error().message;
}

inline testing::AssertionResult has(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no '" << part << "' in:\n" << text;
}

}  // namespace firstseen::config
