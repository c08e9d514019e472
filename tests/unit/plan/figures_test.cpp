#include "plan/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace firstseen::plan {
namespace {

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> found;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const auto begin = cell.find_first_not_of(' ');  // a cell may be empty
    found.push_back(begin == std::string::npos ? "" : cell.substr(begin, cell.find_last_not_of(' ') - begin + 1));
  }
  return found;
}

/// The row of a section of RESULTS.md that begins with a name, by column.
std::map<std::string, double> recorded(const std::string& section, const std::string& name) {
  std::ifstream in(std::string(FIRSTSEEN_SOURCE_DIR) + "/tests/bench/RESULTS.md");
  std::vector<std::string> head;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("<!-- ")) inside = line == "<!-- begin " + section + " -->";
    if (!inside || !line.starts_with('|')) continue;
    const auto row = cells(line);
    if (head.empty()) head = row;
    if (row.empty() || row.front() != name) continue;
    std::map<std::string, double> figures;
    for (std::size_t i = 1; i < std::min(row.size(), head.size()); ++i) {
      std::string digits = row[i];
      std::erase(digits, ',');
      figures[head[i]] = std::strtod(digits.c_str(), nullptr);
    }
    return figures;
  }
  ADD_FAILURE() << "no row " << name << " in section " << section;
  return {};
}

void expect_about(double figure, double recorded) { EXPECT_NEAR(figure / recorded, 1, 0.1) << recorded; }

TEST(Figures, AreThoseThatWereRecorded) {
  auto store = recorded("store", "firstseen");
  expect_about(measured::disk_bytes_per_key, store["disk bytes per key"]);
  expect_about(measured::index_bytes_per_key, store["memory bytes per key"]);
  expect_about(measured::index_bytes_per_key_growing, store["worst memory bytes per key"]);
  auto whole = recorded("e2e", "firstseen");
  expect_about(measured::messages_per_s, whole["messages/s"]);
  auto peers = recorded("peers", "firstseen");
  expect_about(static_cast<double>(measured::beside_index_bytes) / (1U << 20U), peers["beside the index MiB"]);
  EXPECT_GE(bound::most_beside_index_bytes, measured::beside_index_bytes);
}

/// What the project promises of its store, whatever is measured next.
TEST(Figures, ThatWereRecordedKeepWhatIsPromised) {
  for (const auto& [section, name] : {std::pair("store", "firstseen"), std::pair("store-100m", "firstseen"),
                                      std::pair("store-variants", "batches of 10k")}) {
    auto store = recorded(section, name);
    EXPECT_LE(store["disk bytes per key"], 20.5) << section;
    EXPECT_LE(store["memory bytes per key"], 10) << section;
    EXPECT_LT(store["worst memory bytes per key"], 20) << section;
  }
  EXPECT_LE(recorded("store-variants", "batches of 1k")["disk bytes per key"], 22);
  EXPECT_LE(bound::index_bytes_per_key, 10);
  EXPECT_LE(bound::most_index_bytes_per_key_growing, 20);
}

TEST(Figures, OfTheDiskAreWhatTheFormatComesTo) {
  expect_about(measured::disk_bytes_per_key, record_bytes(10'000, 10'000, 1, 1'000) / 10'000);
}

}  // namespace
}  // namespace firstseen::plan
