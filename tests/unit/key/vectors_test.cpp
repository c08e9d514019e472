#include <gtest/gtest.h>
#include <simdjson.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/hex.h"
#include "key/deriver.h"

/// The golden vectors that check_vectors.py recomputes from the specification, here against the library.
namespace firstseen::key {
namespace {

namespace dom = simdjson::dom;

std::string text_or(const dom::element& object, const char* name, const char* otherwise = "") {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : otherwise;
}

std::int64_t number_or(const dom::element& object, const char* name, std::int64_t otherwise) {
  std::int64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : otherwise;
}

bool flag_or(const dom::element& object, const char* name, bool otherwise) {
  bool flag = false;
  return object[name].get(flag) == simdjson::SUCCESS ? flag : otherwise;
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = (bits << 6U) | static_cast<unsigned>(digits.find(c));
    count += 6;
    if (count >= 8) bytes.push_back(static_cast<char>(bits >> (count -= 8)));
  }
  return bytes;
}

/// NAME as text, NAME_base64, or NAME_repeat ([[text, count], ...]); nothing when it is null or absent.
std::optional<std::string> bytes_of(const dom::element& object, const std::string& name) {
  std::string_view text;
  if (object[name].get(text) == simdjson::SUCCESS) return std::string(text);
  if (object[name + "_base64"].get(text) == simdjson::SUCCESS) return from_base64(text);
  dom::array pieces;
  if (object[name + "_repeat"].get(pieces) != simdjson::SUCCESS) return std::nullopt;
  std::string bytes;
  for (const dom::element piece : pieces) {
    const auto count = piece.at(1).get_int64().value();
    for (std::int64_t i = 0; i < count; ++i) bytes += piece.at(0).get_string().value();
  }
  return bytes;
}

OnMissing on_missing(const std::string& name) {
  return std::map<std::string, OnMissing>{
      {"reject", OnMissing::reject}, {"as_null", OnMissing::as_null}, {"pass", OnMissing::pass}}
      .at(name);
}

KeySpec key_spec(const dom::element& key) {
  KeySpec spec;
  spec.strategy = text_or(key, "strategy", "fields");
  spec.name_space = text_or(key, "namespace");
  spec.rule = text_or(key, "rule");
  spec.scope =
      std::map<std::string, Scope>{
          {"none", Scope::none}, {"topic", Scope::topic}, {"topic_partition", Scope::topic_partition}}
          .at(text_or(key, "scope", "topic"));
  spec.digest = std::map<std::string, DigestAlgorithm>{{"sha256", DigestAlgorithm::sha256},
                                                       {"sha512", DigestAlgorithm::sha512},
                                                       {"blake2b512", DigestAlgorithm::blake2b512},
                                                       {"xxh3_128", DigestAlgorithm::xxh3_128}}
                    .at(text_or(key, "digest", "sha256"));
  spec.on_missing = on_missing(text_or(key, "on_missing", "reject"));
  dom::element context;
  if (key["context"].get(context) == simdjson::SUCCESS) {
    spec.context_user = text_or(context, "user");
    spec.context_session = text_or(context, "session");
  }
  spec.template_text = text_or(key, "template");
  spec.include_user = flag_or(key, "include_user", true);
  spec.include_session = flag_or(key, "include_session", true);
  dom::array exclude;
  if (key["exclude"].get(exclude) == simdjson::SUCCESS) {
    for (const dom::element text : exclude) spec.exclude.emplace_back(text.get_string().value());
  }
  dom::array fields;
  if (key["fields"].get(fields) != simdjson::SUCCESS) return spec;
  for (const dom::element field : fields) {
    if (field.is_string()) {
      spec.fields.push_back({std::string(field.get_string().value()), std::nullopt});
    } else {
      spec.fields.push_back({text_or(field, "part"), on_missing(text_or(field, "on_missing", "reject"))});
    }
  }
  return spec;
}

/// A message that owns what its view points to.
struct OwnedMessage {
  explicit OwnedMessage(const dom::element& message)
      : topic(text_or(message, "topic")), key(bytes_of(message, "key")), value(bytes_of(message, "value")) {
    view.topic = topic;
    view.partition = static_cast<std::int32_t>(number_or(message, "partition", 0));
    view.offset = number_or(message, "offset", 0);
    view.timestamp_ms = number_or(message, "timestamp", -1);
    if (key) view.key = *key;
    if (value) view.value = *value;
    dom::array list;
    if (message["headers"].get(list) != simdjson::SUCCESS) return;
    for (const dom::element header : list) {
      HeaderView& added = headers.emplace_back();
      added.name = texts.emplace_back(text_or(header, "name"));
      if (auto bytes = bytes_of(header, "value")) added.value = texts.emplace_back(std::move(*bytes));
    }
    view.headers = headers;
  }

  std::string topic;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::deque<std::string> texts;
  std::vector<HeaderView> headers;
  MessageView view;
};

/// What the vectors call an outcome, in one comparable text.
std::string outcome(const Explanation& explanation) {
  const Derived& result = explanation.result;
  if (result.kind == Derived::Kind::reject) return "reject " + result.rejection.reason;
  if (result.kind == Derived::Kind::pass) return "pass " + result.rejection.reason;
  return explanation.canonical_hex + " " + explanation.full_digest_hex;
}

std::string expected_outcome(const dom::element& expect) {
  for (const char* kind : {"reject", "pass"}) {
    if (const std::string reason = text_or(expect, kind); !reason.empty()) return kind + (" " + reason);
  }
  return text_or(expect, "canonical") + " " + text_or(expect, "digest");
}

class KeyVectors : public testing::TestWithParam<const char*> {};

TEST_P(KeyVectors, TheLibraryDerivesWhatTheSpecificationGives) {
  dom::parser parser;
  dom::element file;
  const std::string path = std::string(FIRSTSEEN_SOURCE_DIR "/tests/data/") + GetParam() + ".json";
  ASSERT_EQ(parser.load(path).get(file), simdjson::SUCCESS);
  dom::array vectors;
  ASSERT_EQ(file["vectors"].get(vectors), simdjson::SUCCESS);
  int checked = 0;
  for (const dom::element vector : vectors) {
    SCOPED_TRACE(text_or(vector, "name"));
    const OwnedMessage message(vector["message"].value());
    auto deriver = Deriver::make(key_spec(vector["key"].value()));
    ASSERT_TRUE(deriver) << deriver.error().message;
    const Explanation explanation = (*deriver)->explain(message.view);
    EXPECT_EQ(outcome(explanation), expected_outcome(vector["expect"].value()));

    Derived derived;
    (*deriver)->derive(message.view, derived);
    EXPECT_EQ(derived.kind, explanation.result.kind);
    EXPECT_EQ(derived.rejection.reason, explanation.result.rejection.reason);
    if (derived.kind == Derived::Kind::key) {
      EXPECT_EQ(to_hex(derived.digest.bytes), explanation.full_digest_hex.substr(0, 32));
    }
    ++checked;
  }
  EXPECT_GT(checked, 130);
}

INSTANTIATE_TEST_SUITE_P(Files, KeyVectors, testing::Values("key_vectors", "key_strategy_vectors"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace firstseen::key
