#include <gtest/gtest.h>

#include "key/deriver.h"

namespace firstseen::key {
namespace {

KeySpec fields(std::vector<PartSpec> parts) {
  KeySpec spec;
  spec.fields = std::move(parts);
  return spec;
}

TEST(KeyConfiguration, AWrongPartIsRefusedByNameWithWhatIsAllowed) {
  for (const char* text :
       {"", "recordkey", "header", "header:", "payload:id", "payload:/a~2", "payload:/a~", "timestamp",
        "timestamp:", "timestamp:0s", "timestamp:5", "timestamp:-1m", "topic:", "Payload", " topic", "payload:/\xff"}) {
    const auto made = Deriver::make(fields({{text, {}}}));
    ASSERT_FALSE(made) << text;
    EXPECT_EQ(made.error().exit, Exit::config) << text;
    EXPECT_FALSE(made.error().message.empty());
  }
  EXPECT_NE(Deriver::make(fields({{"recordkey", {}}})).error().message.find("'recordkey'"), std::string::npos);
  EXPECT_NE(Deriver::make(fields({{"recordkey", {}}})).error().message.find("record_key, header:NAME"),
            std::string::npos);
}

TEST(KeyConfiguration, AnUnknownStrategyNoFieldsAndAnUnusedContextAreRefused) {
  KeySpec unknown = fields({{"topic", {}}});
  unknown.strategy = "field";
  EXPECT_NE(Deriver::make(unknown).error().message.find("'field'"), std::string::npos);
  EXPECT_EQ(Deriver::make(fields({})).error().exit, Exit::config);
  KeySpec context = fields({{"topic", {}}});
  context.context_user = "header:user";
  EXPECT_NE(Deriver::make(context).error().message.find("key.context"), std::string::npos);
  KeySpec wrong_context;
  wrong_context.strategy = "default";
  wrong_context.context_session = "header:";
  EXPECT_EQ(Deriver::make(wrong_context).error().exit, Exit::config);
  KeySpec not_text = fields({{"topic", {}}});
  not_text.name_space = "\xff";
  EXPECT_EQ(Deriver::make(not_text).error().exit, Exit::config);
}

TEST(KeyConfiguration, HeadersAreAskedForOnlyWhenAPartNeedsThem) {
  EXPECT_FALSE((*Deriver::make(fields({{"record_key", {}}, {"payload:/header:x", {}}})))->needs_headers());
  EXPECT_TRUE((*Deriver::make(fields({{"record_key", {}}, {"header:x", {}}})))->needs_headers());
  KeySpec spec;
  spec.strategy = "default";
  EXPECT_FALSE((*Deriver::make(spec))->needs_headers());
  spec.context_user = "header:user";
  EXPECT_TRUE((*Deriver::make(spec))->needs_headers());
}

std::string fingerprint(const KeySpec& spec) { return (*Deriver::make(spec))->fingerprint(); }

TEST(KeyFingerprint, IsOneReadableLine) {
  KeySpec spec = fields({{"payload:/order/id", {}}, {"timestamp:60s", {}}});
  spec.name_space = "a\"b\n";
  EXPECT_EQ(fingerprint(spec),
            R"(encoding=1 digest=sha256 parts=["namespace:a\"b\u000a","topic","payload:/order/id","timestamp:1m"])");
}

TEST(KeyFingerprint, DiffersWheneverWhichMessagesAreEqualDiffers) {
  const KeySpec base = fields({{"record_key", {}}, {"header:a", {}}});
  std::vector<KeySpec> others(6, base);
  others[0].name_space = "x";
  others[1].scope = Scope::none;
  others[2].scope = Scope::topic_partition;
  others[3].digest = DigestAlgorithm::sha512;
  others[4].fields = {{"header:a", {}}, {"record_key", {}}};
  others[5].fields.pop_back();
  for (const KeySpec& other : others) EXPECT_NE(fingerprint(other), fingerprint(base));
}

TEST(KeyFingerprint, StaysWhenOnlyThePolicyForMissingPartsChangesSoThatAStoppedPartitionCanGoOn) {
  KeySpec spec = fields({{"record_key", OnMissing::reject}});
  const std::string before = fingerprint(spec);
  spec.fields[0].on_missing = OnMissing::as_null;
  EXPECT_EQ(fingerprint(spec), before);
  spec.on_missing = OnMissing::pass;
  EXPECT_EQ(fingerprint(spec), before);
}

}  // namespace
}  // namespace firstseen::key
