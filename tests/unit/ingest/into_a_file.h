#pragma once

#include <fstream>
#include <iterator>

#include "ingest/ingestor.h"
#include "ingest/ledger_inspect.h"
#include "unit/ingest/support.h"

namespace firstseen::ingest::test {

/// Files of the directory in/ into the file out.
class IntoAFile : public testing::Test {
 protected:
  IntoAFile() {
    options_.ledger = directory_.path() / "ledger";
    options_.output = directory_.path() / "out";
  }
  /// A run over everything in in/.
  IngestSummary run() {
    outcomes_.clear();
    const auto ingestor = open();
    if (!ingestor) return {};
    const auto summary = run_of(*ingestor);
    EXPECT_TRUE(summary) << (summary ? "" : summary.error().message);
    return summary ? *summary : IngestSummary{};
  }
  std::unique_ptr<Ingestor> open() {
    auto ingestor = Ingestor::open(options_, clock_, [&](LogLevel, const std::string& line) { log_ += line + "\n"; });
    EXPECT_TRUE(ingestor) << (ingestor ? "" : ingestor.error().message);
    return ingestor ? std::move(*ingestor) : nullptr;
  }
  Result<IngestSummary> run_of(Ingestor& ingestor) {
    return ingestor.run(list_files({in()}, {}), [&](const FileOutcome& outcome) { outcomes_.push_back(outcome); });
  }
  [[nodiscard]] std::string in() const { return (directory_.path() / "in").string(); }
  void write(const std::string& name, const std::string& text) const { directory_.write("in/" + name, text); }
  [[nodiscard]] std::string output() const {
    std::ifstream file(*options_.output, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] FileRecord record_of(const std::string& name) const {
    const auto files = ledger_files(options_.ledger);
    EXPECT_TRUE(files);
    for (const FileRecord& file : *files) {
      if (std::filesystem::path(file.path).filename() == name) return file;
    }
    ADD_FAILURE() << name << " is not in the ledger";
    return {};
  }
  [[nodiscard]] std::string failure() const {
    for (const FileOutcome& outcome : outcomes_) {
      if (outcome.kind == FileOutcome::Kind::failed) return outcome.detail;
    }
    return "none";
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  IngestOptions options_;
  std::vector<FileOutcome> outcomes_;
  std::string log_;  ///< lines of the ingestors that open() made
};

inline void expect_counts(const IngestSummary& summary, std::uint64_t processed, std::uint64_t skipped,
                          std::uint64_t failed) {
  EXPECT_EQ(summary.processed, processed);
  EXPECT_EQ(summary.skipped, skipped);
  EXPECT_EQ(summary.failed, failed);
}

}  // namespace firstseen::ingest::test
