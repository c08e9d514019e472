// Messages of producers whose transactions are still open: in the log, and not to be read yet.
#include <string>

#include "scenarios/scenario.h"

namespace firstseen::simulation {
namespace {

constexpr Exemptions moved{.gaps = true, .history_read_again = true};

/// An operator sets the group to the end of the log (--to-latest), which lies behind an open transaction.
class OpenTransaction : public Scenario {
 protected:
  /// A host that has published one message, and stopped. Behind it stand two of a transaction.
  Host& stopped_before_one() {
    say(0, "a", 0);
    Host& host = start();
    run();
    host.stop();
    return host;
  }
  void begin() {
    for (int i = 0; i < 2; ++i) log().append_transactional({}, producers_own);
  }
  void abort() { log().append_marker(producers_own, false); }
  PartitionLog& log() { return *cluster().log(in(0)); }
  /// What comes now waits for the transaction, and is published once that is over. Its id is the last.
  void expect_waits_and_goes_on(Host& host, const Ids& before) {
    host.start();
    run_until_step(host, dedup::Step::assigned);
    go_on_for(2'000);
    EXPECT_FALSE(is_stopped(host, 0)) << partition(host, 0).reason;
    EXPECT_FALSE(partition(host, 0).at_end);
    const std::int64_t last = say(0, "b", 100);
    go_on_for(2'000);
    EXPECT_EQ(published(), before);
    abort();
    run();
    Ids after = before;
    after.push_back(last);
    EXPECT_EQ(published(), after);
    EXPECT_FALSE(host.has_logged("input.on_gap"));
    expect_kept(moved);
  }

 private:
  static constexpr TxnId producers_own = 1'000'000;
};

TEST_F(OpenTransaction, IsNoEndOfTheLogForAPositionBehindIt) {
  for (const dedup::OnGap on_gap : {dedup::OnGap::stop, dedup::OnGap::skip}) {
    SCOPED_TRACE(on_gap == dedup::OnGap::stop ? "stop" : "skip");
    again();
    options.slot.on_gap = on_gap;
    Host& host = stopped_before_one();
    begin();
    cluster().set_offset(in(0), log().end());
    expect_waits_and_goes_on(host, {1});
  }
}

TEST_F(OpenTransaction, KeepsNoMissingHistoryFromBeingReadUpToIt) {
  Host& host = stopped_before_one();
  say(0, "skipped", 50);
  begin();
  cluster().set_offset(in(0), log().end());
  expect_waits_and_goes_on(host, {1});
  EXPECT_TRUE(host.has_logged("1 messages of history recorded"));
}

TEST_F(OpenTransaction, IsNoExcuseForAPositionBehindTheLog) {
  Host& host = stopped_before_one();
  begin();
  cluster().set_offset(in(0), log().end() + 1);
  host.start();
  run_until("it stops", [&] { return is_stopped(host, 0); });
  const std::string reason = partition(host, 0).reason;
  EXPECT_NE(reason.find("offset 4 is needed but the log ends at 3"), std::string::npos) << reason;
}

}  // namespace
}  // namespace firstseen::simulation
