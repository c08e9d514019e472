// A copy of the store, made while the slot was at work, is put in place of it.
#include <filesystem>

#include "scenarios/scenario.h"
#include "store/hot_copy.h"

namespace firstseen::simulation {
namespace {

using dedup::OnMissingHistory;
using dedup::Step;

class Backup : public Scenario {
 protected:
  /// Messages 1 to 4 are said, the last two of them are under way, and the store is copied at this step.
  Host& copied_at(Step step) {
    say(0, "a", 0);
    say(1, "b", 0);
    Host& host = start();
    run();
    say(0, "c", 100);
    say(1, "d", 100);
    run_until_step(host, step);
    const auto copied = store::hot_copy(host.options().directory, copy_of(host), store::CopyLayout::compact);
    EXPECT_TRUE(copied) << copied.error().message;
    return host;
  }
  /// The host is down.
  static void put_in_place(Host& host) {
    std::filesystem::remove_all(host.options().directory);
    std::filesystem::rename(copy_of(host), host.options().directory);
  }
  static std::filesystem::path copy_of(const Host& host) { return host.options().directory.string() + "-copy"; }
};

class BackupAt : public Backup, public testing::WithParamInterface<Step> {};

TEST_P(BackupAt, PutBackLosesNothingAndPublishesNothingTwice) {
  for (const bool clean : {true, false}) {
    SCOPED_TRACE(clean ? "clean stop" : "kill -9");
    again();
    Host& host = copied_at(GetParam());
    for (const char* key : {"e", "c"}) say(0, key, 200);
    run();
    clean ? host.stop() : host.crash();
    put_in_place(host);
    for (const char* key : {"a", "c", "e", "f"}) say(0, key, 300);
    for (const char* key : {"b", "d"}) say(1, key, 300);
    host.start();
    run();
    EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 10}));
    EXPECT_GT(host.status().counters.rebuilt, 0U);
    EXPECT_EQ(host.status().effective_window_ms, options.slot.ttl.count());
    expect_kept({.history_read_again = true});
  }
}

TEST_P(BackupAt, PutBackAtOnceGoesOnWithTheBatchThatWasInFlight) {
  Host& host = copied_at(GetParam());
  host.crash();
  put_in_place(host);
  for (const char* key : {"a", "c", "f"}) say(0, key, 300);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 7}));
  expect_kept({.history_read_again = true});
}

INSTANTIATE_TEST_SUITE_P(Of, BackupAt,
                         testing::Values(Step::begun, Step::published, Step::taken, Step::prepared, Step::offsets_sent,
                                         Step::committed, Step::settled),
                         [](const auto& one) { return std::string(dedup::step_name(one.param)); });

TEST_F(Backup, PutBackWithoutReadingAgainReportsTheShorterWindow) {
  options.slot.on_missing_history = OnMissingHistory::warn;
  Host& host = copied_at(Step::settled);
  say(0, "e", 200);
  run();
  host.stop();
  put_in_place(host);
  say(0, "e", 300);
  host.start();
  run();
  EXPECT_EQ(published(), (Ids{1, 2, 3, 4, 5, 6})) << "e is not recognised";
  EXPECT_TRUE(host.has_logged("this store has not recorded offsets"));
  EXPECT_LT(host.status().effective_window_ms, options.slot.ttl.count()) << "no silent shortening";
  expect_kept({.history_lost = true});
}

}  // namespace
}  // namespace firstseen::simulation
