#include "ingest/ledger_inspect.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "ingest/ledger_records.h"
#include "ingest/ledger_tables.h"
#include "store/directory.h"
#include "store/lmdb.h"

namespace firstseen::ingest {

namespace fs = std::filesystem;
using namespace ledger_tables;  // NOLINT(google-build-using-namespace): rows are what this file is about

namespace {

struct View {
  std::shared_ptr<store::Env> env;
  store::Txn txn;

  [[nodiscard]] store::Dbi table(const char* name) const { return env->database(name).value_or(store::Dbi{}); }
};

/// The ledger as it is now, whoever else has it open.
Result<View> look_into(const fs::path& directory) {
  if (!holds_ledger(directory)) return not_a_ledger(directory, "there is none");
  store::EnvOptions options;
  options.directory = directory / folder;
  options.read_only = true;
  options.databases = database_names();
  auto env = store::Env::share(options);
  if (!env) return forward(env.error());
  const auto lacks = [&](const store::DatabaseName& name) { return !(*env)->database(name.name); };
  if (std::ranges::any_of(database_names(), lacks)) {
    return not_a_ledger(directory, "its data.mdb lacks our databases");
  }
  auto txn = store::Txn::begin(**env, store::Txn::Mode::read);
  if (!txn) return forward(txn.error());
  const auto known = text_at(*txn, (*env)->database("meta").value_or(store::Dbi{}), "kind");
  if (!known) return forward(known.error());
  if (auto ours = check_kind(*known, directory); !ours) return forward(ours.error());
  return View{std::move(*env), std::move(*txn)};
}

}  // namespace

bool holds_ledger(const fs::path& directory) { return store::has_data(directory / folder); }

Result<std::vector<FileRecord>> ledger_files(const fs::path& directory) {
  auto view = look_into(directory);
  if (!view) return forward(view.error());
  auto cursor = store::Cursor::open(view->txn, view->table("files"));
  if (!cursor) return forward(cursor.error());
  std::vector<FileRecord> records;
  while (true) {
    const auto row = cursor->next();
    if (!row) return forward(row.error());
    if (!*row) break;
    auto record = decode_file((*row)->value);
    if (!record) return damaged(*view->env, "the record of a file");
    records.push_back(std::move(*record));
  }
  std::ranges::sort(records, {}, &FileRecord::path);
  return records;
}

Result<std::optional<FileRecord>> ledger_file(const fs::path& directory, const fs::path& file) {
  auto view = look_into(directory);
  if (!view) return forward(view.error());
  return file_at(view->txn, view->table("files"), fs::absolute(file).lexically_normal().string());
}

Result<LedgerFacts> ledger_facts(const fs::path& directory) {
  auto view = look_into(directory);
  if (!view) return forward(view.error());
  LedgerFacts facts;
  facts.file_bytes = view->env->file_bytes();
  const store::Dbi meta = view->table("meta");
  const auto id = text_at(view->txn, meta, "id");
  if (!id) return forward(id.error());
  facts.id = id->value_or("");
  const auto target = text_at(view->txn, meta, "target");
  if (!target) return forward(target.error());
  facts.target = target->value_or("");
  const auto length = text_at(view->txn, meta, "output_length");
  if (!length) return forward(length.error());
  if (*length) facts.output_length = number_of(**length);
  auto cursor = store::Cursor::open(view->txn, view->table("workers"));
  if (!cursor) return forward(cursor.error());
  while (true) {
    const auto row = cursor->next();
    if (!row) return forward(row.error());
    if (!*row) return facts;
    const auto record = decode_worker((*row)->value);
    if (!record) return damaged(*view->env, "the record of a worker");
    facts.undecided += record->prepared ? 1U : 0U;
  }
}

}  // namespace firstseen::ingest
