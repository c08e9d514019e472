#include "ingest/ledger_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace firstseen::ingest {
namespace {

using Json = nlohmann::json;

/// CBOR and not text: paths need not be UTF-8.
std::string to_bytes(const Json& json) {
  std::string bytes;
  Json::to_cbor(json, bytes);
  return bytes;
}

/// Runs `read` on the map; nlohmann tells of missing or wrong members by exceptions, which end here.
template <class T, class Read>
std::optional<T> from_bytes(store::Bytes bytes, Read&& read) {
  const Json json = Json::from_cbor(bytes.begin(), bytes.end(), true, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return read(json);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

Json to_json(const Batch& batch) {
  Json json{{"path", batch.path},
            {"sha256", batch.sha256},
            {"records", batch.records},
            {"duplicates", batch.duplicates},
            {"last", batch.last}};
  if (batch.keys) json["keys"] = {batch.keys->sequence, batch.keys->owner};
  return json;
}

Batch batch_of(const Json& json) {
  Batch batch{json.at("path"), json.at("sha256"), json.at("records"), json.at("duplicates"), json.at("last")};
  if (json.contains("keys")) batch.keys = store::BatchId{json.at("keys").at(0), json.at("keys").at(1)};
  return batch;
}

}  // namespace

std::string encode(const FileRecord& r) {
  return to_bytes({{"path", r.path},
                   {"status", name_of(r.status)},
                   {"sha256", r.sha256},
                   {"bytes", r.bytes},
                   {"records", r.records},
                   {"duplicates", r.duplicates},
                   {"attempts", r.attempts},
                   {"version", r.version},
                   {"alias_of", r.alias_of},
                   {"error", r.error},
                   {"found_ms", r.found_ms},
                   {"started_ms", r.started_ms},
                   {"finished_ms", r.finished_ms},
                   {"ingested_sha256", r.ingested_sha256}});
}

std::optional<FileRecord> decode_file(store::Bytes bytes) {
  return from_bytes<FileRecord>(bytes, [](const Json& json) -> std::optional<FileRecord> {
    const auto status = std::ranges::find(file_status_names, json.at("status").get<std::string>());
    if (status == file_status_names.end()) return std::nullopt;
    FileRecord file{json.at("path"),        static_cast<FileStatus>(status - file_status_names.begin()),
                    json.at("sha256"),      json.at("bytes"),
                    json.at("records"),     json.at("duplicates"),
                    json.at("attempts"),    json.at("version"),
                    json.at("alias_of"),    json.at("error"),
                    json.at("found_ms"),    json.at("started_ms"),
                    json.at("finished_ms"), {}};
    // The first ledgers did not have it.
    file.ingested_sha256 = json.value("ingested_sha256", file.status == FileStatus::success ? file.sha256 : "");
    return file;
  });
}

std::string encode(const ContentRecord& r) {
  return to_bytes({{"path", r.path},
                   {"format", r.format},
                   {"records", r.records},
                   {"duplicates", r.duplicates},
                   {"complete", r.complete}});
}

std::optional<ContentRecord> decode_content(store::Bytes bytes) {
  return from_bytes<ContentRecord>(bytes, [](const Json& json) -> std::optional<ContentRecord> {
    return ContentRecord{json.at("path"), json.at("format"), json.at("records"), json.at("duplicates"),
                         json.at("complete")};
  });
}

std::string encode(const WorkerRecord& r) {
  return to_bytes({{"sequence", r.sequence},
                   {"prepared", r.prepared ? to_json(*r.prepared) : Json()},
                   {"prepared_ms", r.prepared_ms}});
}

std::optional<WorkerRecord> decode_worker(store::Bytes bytes) {
  return from_bytes<WorkerRecord>(bytes, [](const Json& json) -> std::optional<WorkerRecord> {
    WorkerRecord record{json.at("sequence"), std::nullopt, json.at("prepared_ms")};
    if (!json.at("prepared").is_null()) record.prepared = batch_of(json.at("prepared"));
    return record;
  });
}

}  // namespace firstseen::ingest
