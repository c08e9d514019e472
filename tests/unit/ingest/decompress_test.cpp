#include "ingest/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <random>

#include "ingest/sha256.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  constexpr int gzip_format = 16 + MAX_WBITS;
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, gzip_format, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

struct Plain {
  std::string text;
  std::string error;
};

Plain unpack(const std::string& packed, std::size_t piece, std::size_t room) {
  Plain plain;
  auto source = decompressed(std::make_unique<TextSource>(packed, piece));
  if (!source) return {"", source.error().message};
  std::string buffer(room, '\0');
  while (true) {
    const auto count = (*source)->read(buffer);
    if (!count) {
      plain.error = count.error().message;
      return plain;
    }
    if (*count == 0) return plain;
    plain.text.append(buffer, 0, *count);
  }
}

/// Text that neither compresses to nothing nor stays as it is.
std::string long_text() {
  std::mt19937 random(3);
  std::string text;
  while (text.size() < 700'000) text += "{\"id\":" + std::to_string(random() % 100000) + "}\n";
  return text;
}

TEST(Decompress, GivesBackTheTextHoweverItIsPackedAndHoweverItArrives) {
  const std::string text = long_text();
  for (const std::string& packed : {text, gzip(text), zstd(text), gzip(text.substr(0, 1000)) + gzip(text.substr(1000)),
                                    zstd(text.substr(0, 1000)) + zstd("") + zstd(text.substr(1000))}) {
    for (const std::size_t piece : {std::size_t{997}, packed.size()}) {
      for (const std::size_t room : {std::size_t{61}, std::size_t{1} << 20U}) {
        const Plain plain = unpack(packed, piece, room);
        EXPECT_EQ(plain.error, "");
        EXPECT_TRUE(plain.text == text) << plain.text.size();
      }
    }
  }
}

TEST(Decompress, SmallAndEmptyInputsPassToo) {
  for (const std::string& text : {std::string(), std::string("x"), std::string("\x1f"), std::string("abcdefgh")}) {
    EXPECT_EQ(unpack(text, 1, 10).text, text);
    EXPECT_EQ(unpack(gzip(text), 1, 10).text, text);
    EXPECT_EQ(unpack(zstd(text), 1, 10).text, text);
  }
}

TEST(Decompress, DataCutOffAtAnyByteAreAnErrorThatSaysSo) {
  const std::string text = "some text that is long enough to be compressed, compressed, compressed";
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    for (std::size_t length = 4; length < packed.size(); ++length) {
      const Plain plain = unpack(packed.substr(0, length), 100, 1000);
      EXPECT_TRUE(contains(plain.error, "the file is incomplete")) << length << " of " << packed.size();
      EXPECT_TRUE(text.starts_with(plain.text));
    }
  }
}

TEST(Decompress, DamagedDataAreAnErrorAndNeverOtherText) {
  const std::string text = long_text().substr(0, 5000);
  std::string packed = gzip(text);
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  EXPECT_TRUE(contains(unpack(packed, 100, 1000).error, "damaged"));
  packed = gzip(text);
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 0x55);  // the checksum
  EXPECT_TRUE(contains(unpack(packed, 100, 1000).error, "damaged"));
  packed = zstd(text).substr(0, 40) + "garbage" + zstd(text).substr(40);
  EXPECT_TRUE(contains(unpack(packed, 100, 1000).error, "damaged"));
}

TEST(Decompress, WhateverFollowsTheLastMemberIsAnError) {
  const std::string text = "some text, some text, some text";
  for (const std::string& packed : {gzip(text) + gzip(text), zstd(text) + zstd(text)}) {
    EXPECT_EQ(unpack(packed, 5, 7).text, text + text);
    for (const std::string& behind : {std::string("x"), std::string("\x1f"), std::string("garbage"),
                                      std::string(1, '\0'), std::string(600, '\0')}) {
      for (const std::size_t piece : {std::size_t{1}, packed.size() + behind.size()}) {
        EXPECT_NE(unpack(packed + behind, piece, 100).error, "") << behind.size() << " bytes in pieces of " << piece;
      }
    }
  }
}

TEST(Decompress, ANameThatPromisesACompressionIsHeldToIt) {
  const auto error_of = [](const std::string& name, const std::string& bytes) {
    const auto source = decompressed(std::make_unique<TextSource>(bytes, 100, name));
    return source ? "" : source.error().message;
  };
  EXPECT_TRUE(contains(error_of("in/a.jsonl.gz", ""), "in/a.jsonl.gz: is not a gzip file: empty"));
  EXPECT_TRUE(contains(error_of("in/a.jsonl.zst", ""), "in/a.jsonl.zst: is not a zstd file: empty"));
  EXPECT_TRUE(contains(error_of("a.log.gz", "\x1f"), "is not a gzip file: it does not begin as one"));
  EXPECT_TRUE(contains(error_of("a.log.zst", "text"), "is not a zstd file: it does not begin as one"));
  EXPECT_EQ(error_of("a.log.gz", gzip("text")), "");
  EXPECT_EQ(error_of("a.log.gz", zstd("text")), "") << "what it is, is told by its bytes";
  EXPECT_EQ(error_of("a.log", ""), "");
}

TEST(Sha256, IsTheDigestOfAllBytesHoweverManyWereRead) {
  // FIPS 180-2, appendix B.1: "abc".
  const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  for (const std::size_t read : {0U, 1U, 3U}) {
    auto source = HashingSource::make(std::make_unique<TextSource>("abc", 1));
    ASSERT_TRUE(source);
    std::array<char, 8> buffer{};
    for (std::size_t i = 0; i < read; ++i) EXPECT_EQ(*(*source)->read(buffer), 1U);
    EXPECT_EQ(*(*source)->hex_of_everything(), expected);
    EXPECT_EQ((*source)->bytes(), 3U);
  }
}

}  // namespace
}  // namespace firstseen::ingest::test
