#include "idempotency/record_codec.h"

#include "base/hex.h"
#include "store/codec.h"
#include "support.h"

namespace firstseen::idempotency::test {
namespace {

std::vector<std::uint8_t> bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

Record example() {
  Record record{.key = key("k")};
  record.status = Status::failed;
  record.outcome = Outcome::error("E7", "no funds");
  record.created_at_ms = 0x0102030405060708;
  record.completed_at_ms = 0x1112131415161718;
  record.expires_at_ms = 0x2122232425262728;
  record.access_count = 5;
  record.attempts = 3;
  record.token = 9;
  record.owner = "000102030405060708090a0b0c0d0e0f";
  record.lease_until_ms = -1;
  return record;
}

// Written by hand from lib/idempotency/README.md.
constexpr const char* example_hex =
    "01030200"
    "03000000"
    "0807060504030201"
    "1817161514131211"
    "2827262524232221"
    "ffffffffffffffff"
    "0900000000000000"
    "0500000000000000"
    "000102030405060708090a0b0c0d0e0f"
    "0200"
    "08000000"
    "4537"
    "6e6f2066756e6473";

TEST(RecordCodec, WritesTheBytesOfTheSpecification) {
  EXPECT_EQ(to_hex(bytes_of(encode_record(example()))), example_hex);
}

TEST(RecordCodec, ReadsWhatItWrites) {
  const auto read = decode_record(key("k"), *from_hex(example_hex));
  ASSERT_TRUE(succeeded(read));
  EXPECT_EQ(*read, example());
  Record plain{.key = key("k")};
  EXPECT_EQ(*decode_record(key("k"), bytes_of(encode_record(plain))), plain);
}

TEST(RecordCodec, DamagedBytesAreAnErrorThatNamesTheKey) {
  const std::vector<std::uint8_t> good = *from_hex(example_hex);
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto cut = decode_record(key("k"), std::span(good).first(length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().exit, Exit::bad_data);
    EXPECT_NE(cut.error().message.find("'k'"), std::string::npos);
  }
  for (const auto& [at, byte] : {std::pair<std::size_t, std::uint8_t>{0, 2}, {1, 0}, {1, 4}, {2, 5}, {3, 1}, {72, 3}}) {
    auto bad = good;
    bad[at] = byte;
    EXPECT_FALSE(decode_record(key("k"), bad)) << at;
  }
}

}  // namespace
}  // namespace firstseen::idempotency::test
