#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "ingest/ingestor.h"

namespace firstseen::ingest_command {

/// The command line of `firstseen ingest`.
struct Arguments {
  std::string topic;
  std::vector<std::string> brokers{"localhost:9092"};
  std::vector<std::string> properties;
  std::string properties_file;
  std::string compression = "lz4";
  std::string timeout = "1m";
  std::string output;
  std::string ledger = "firstseen-ledger";
  std::string format = "auto";
  std::string pattern = "*";
  bool hidden = false;
  std::uint32_t jobs = 1;
  std::uint64_t records_per_transaction = 0;
  bool refuse_changed = false;
  std::string undecided = "ask";
  std::vector<std::string> keys;
  std::string ttl = "24h";
  bool status = false;
  bool as_json = false;
  std::vector<std::string> paths;
};

void add_options(CLI::App& command, const std::shared_ptr<Arguments>& arguments);

/// In the library's terms; Exit::usage with what is wrong.
Result<ingest::IngestOptions> to_options(const Arguments& arguments);

}  // namespace firstseen::ingest_command
