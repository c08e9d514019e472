#include "ingest/key_note.h"

#include <functional>

#include "ingest/ingestor.h"
#include "key/deriver.h"
#include "store/inspect.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

key::KeySpec spec_of(const Texts& parts) {
  key::KeySpec spec;
  spec.scope = key::Scope::none;
  for (const std::string& part : parts) spec.fields.push_back({part, std::nullopt});
  return spec;
}

std::string fingerprint(const key::KeySpec& spec) { return (*key::Deriver::make(spec))->fingerprint(); }

TEST(KeyNote, MakesTheSameKeyAgain) {
  for (const Texts& parts : {Texts{"payload"}, {"payload:/id"}, {"payload:/a\"b", "payload:/\xc3\xa4/0"}}) {
    const auto again = key_of_note(note_of_key(spec_of(parts)));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(fingerprint(*again), fingerprint(spec_of(parts)));
  }
  EXPECT_EQ(fingerprint(*key_of_note("[]")), fingerprint(spec_of({"payload"})))
      << "as older stores of 'filter' have it";
}

TEST(KeyNote, SaysNothingOfAKeyThatIsMoreThanParts) {
  const std::vector<std::function<void(key::KeySpec&)>> changes{
      [](key::KeySpec& s) { s.strategy = "hash"; },
      [](key::KeySpec& s) { s.name_space = "n"; },
      [](key::KeySpec& s) { s.scope = key::Scope::topic; },
      [](key::KeySpec& s) { s.digest = key::DigestAlgorithm::xxh3_128; },
      [](key::KeySpec& s) { s.on_missing = key::OnMissing::as_null; },
      [](key::KeySpec& s) { s.fields[0].on_missing = key::OnMissing::pass; },
      [](key::KeySpec& s) { s.fields.push_back({"header:tenant", std::nullopt}); },
      [](key::KeySpec& s) { s.rules = {{"a", {}, s}}; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    key::KeySpec spec = spec_of({"payload:/id"});
    ASSERT_NE(note_of_key(spec), "");
    changes[i](spec);
    EXPECT_EQ(note_of_key(spec), "") << i;
  }
}

TEST(KeyNote, ADamagedOneIsRefused) {
  for (const char* note : {"", "{", "{}", "[1]", "payload:/id"}) {
    const auto spec = key_of_note(note);
    ASSERT_FALSE(spec) << note;
    EXPECT_EQ(spec.error().exit, Exit::bad_data);
  }
}

TEST(KeyNote, IsLeftInTheStoreOfAnIngestorsKeys) {
  const TemporaryDirectory directory;
  IngestOptions options;
  options.ledger = directory.path() / "ledger";
  options.output = directory.path() / "out";
  options.keys = RecordKeys{.spec = spec_of({"payload:/id"}), .max_size_bytes = 16U << 20U};
  const SystemClock clock;
  ASSERT_TRUE(Ingestor::open(options, clock, {}));
  EXPECT_EQ(store::inspect(options.ledger / "keys" / "slot-0")->notes.at("key parts"), "[\"payload:/id\"]");
}

}  // namespace
}  // namespace firstseen::ingest::test
