// Files that cannot be ingested: each says what is wrong and where, leaves nothing behind, and stops no other.
#include <zlib.h>

#include "ingest/ingestor.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {
namespace {

namespace fs = std::filesystem;

/// A gzip file whose second half is missing.
void write_half_a_gzip_file(const fs::path& path) {
  {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "wb"), gzclose);
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\n";
    ASSERT_GT(gzwrite(file.get(), text.data(), static_cast<unsigned>(text.size())), 0);
  }
  fs::resize_file(path, fs::file_size(path) / 2);
}

TEST(DamagedFiles, AreNamedWithWhatIsWrongAndTheOthersAreIngested) {
  const TemporaryDirectory directory;
  const auto in = [&](const std::string& name) { return (directory.path() / "in" / name).string(); };
  directory.write("in/a.jsonl", "\"first\"\n");
  directory.write("in/array.json", "[{\"id\":1},{\"id\"");
  directory.write("in/columns.csv", "a,b\n1,2\n3\n");
  directory.write("in/torn.jsonl", "1\n{\"id\":\n");
  write_half_a_gzip_file(in("torn.jsonl.gz"));
  directory.write("in/no.jsonl.gz", "this is no gzip");
  directory.write("in/empty.csv.gz", "");
  directory.write("in/empty.txt.zst", "");
  directory.write("in/z.jsonl", "\"last\"\n");
  const Texts wrong{"array.json:1: the JSON array is cut off in element 2",
                    "columns.csv:3: this row has 1 fields, the header has 2",
                    "torn.jsonl:2: this line is not JSON",
                    "torn.jsonl.gz: the gzip data end in the middle",
                    "no.jsonl.gz: is not a gzip file",
                    "empty.csv.gz: is not a gzip file: empty",
                    "empty.txt.zst: is not a zstd file: empty",
                    "gone.jsonl: No such file or directory"};

  IngestOptions options;
  options.ledger = directory.path() / "ledger";
  options.output = directory.path() / "out";
  const SystemClock clock;
  auto ingestor = Ingestor::open(options, clock, {});
  ASSERT_TRUE(ingestor) << ingestor.error().message;
  std::string failures;
  const auto summary = (*ingestor)->run(list_files({in("gone.jsonl"), in("")}, {}), [&](const FileOutcome& outcome) {
    if (outcome.kind == FileOutcome::Kind::failed) failures += outcome.detail + "\n";
  });
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->processed, 2U);
  EXPECT_EQ(summary->failed, wrong.size());
  for (const std::string& why : wrong) EXPECT_TRUE(contains(failures, why));
  std::ifstream out(*options.output, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(out), {}), "\"first\"\n\"last\"\n");
}

}  // namespace
}  // namespace firstseen::ingest::test
