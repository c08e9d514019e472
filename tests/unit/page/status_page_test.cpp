#include "page/status_page.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "dedup/partition.h"
#include "page/verdict.h"
#include "support/windows_of_rules.h"

namespace firstseen::page {
namespace {

dedup::PartitionStatus partition(std::int32_t number) {
  dedup::PartitionStatus status;
  status.tp = {"orders", number};
  status.lag = 0;
  return status;
}

/// A daemon that serves two partitions.
Picture healthy(const dedup::SlotStatus* changed = nullptr) {
  dedup::SlotStatus status;
  status.state = "running";
  status.configured_window_ms = status.effective_window_ms = 3'600'000;
  status.store.max_size_bytes = 64ULL << 20U;
  status.store.used_bytes = 16ULL << 20U;
  status.partitions = {partition(0), partition(1)};
  Picture picture;
  picture.phase = Phase::serving;
  picture.checks = {Check{"store", true, "open", 0}, Check{"broker", true, "answers", 0},
                    Check{"slot", true, "running", 0}};
  picture.status = std::make_shared<const dedup::SlotStatus>(changed == nullptr ? status : *changed);
  picture.configuration = std::make_shared<const ShownConfiguration>(ShownConfiguration{"/etc/f.yaml", "kafka:\n", 0});
  return picture;
}

Picture with(const std::function<void(dedup::SlotStatus&)>& change) {
  dedup::SlotStatus status = *healthy().status;
  change(status);
  return healthy(&status);
}

std::string page_of(const Picture& picture) { return render({.picture = picture, .history = {}}); }

TEST(Verdict, IsOneWordForTheWorstThatIsTheCase) {
  EXPECT_EQ(verdict_of(healthy()).word, "healthy");
  EXPECT_EQ(verdict_of(with([](auto& status) { status.partitions[0].lag = usual_lag + 1; })).word, "behind");
  EXPECT_EQ(verdict_of(with([](auto& status) { status.partitions[0].lag = usual_lag; })).word, "healthy");
  const auto full = [](dedup::SlotStatus& status) {
    status.store.evicted_entries = 5;
    status.effective_window_ms = 60'000;
    status.partitions[0].lag = usual_lag + 1;
  };
  EXPECT_EQ(verdict_of(with(full)).word, "shortened");
  EXPECT_EQ(verdict_of(with(full)).reason, "the store has reached store.max_size: it covers 1m of 1h");
  EXPECT_EQ(verdict_of(with([&](auto& status) {
              full(status);
              status.partitions[1].mode = dedup::PartitionMode::stopped;
            })).word,
            "stopped");
}

TEST(Verdict, TellsPartitionsThatGoOnByThemselvesFromThoseThatNeedAPerson) {
  const auto standing = [](std::vector<bool> waits) {
    return verdict_of(with([&](auto& status) {
      status.partitions = {partition(0), partition(1), partition(2)};
      for (std::size_t i = 0; i < waits.size(); ++i) {
        status.partitions[i].mode = dedup::PartitionMode::stopped;
        status.partitions[i].waits = waits[i];
        status.partitions[i].reason = waits[i] ? "orders[0] has no leader" : "offset 7 is rejected";
      }
    }));
  };
  EXPECT_EQ(standing({true}).word, "waiting");
  EXPECT_EQ(standing({true}).reason, "1 of 3 partitions waits, and goes on by itself later: orders[0] has no leader");
  EXPECT_EQ(standing({true, true}).reason,
            "2 of 3 partitions wait, and go on by themselves later: orders[0] has no leader");
  EXPECT_EQ(standing({false}).word, "stopped");
  EXPECT_EQ(standing({false, false}).reason, "2 of 3 partitions wait for a person: offset 7 is rejected");
  EXPECT_EQ(standing({true, false}).word, "stopped") << "the graver";
  EXPECT_EQ(standing({true, false}).reason,
            "1 of 3 partitions waits for a person, 1 more goes on by itself later: offset 7 is rejected");
}

/// What a new store shows of a partition that is read from its beginning, in its first minute.
TEST(Verdict, OfANewGroupThatReadsFromTheBeginningIsHealthyAtOnce) {
  EXPECT_EQ(verdict_of(with([](auto& status) {
              status.partitions[0].stream_time_ms = 1'700'000'000'000;
              status.partitions[0].covered_from_ms = 0;
            })).word,
            "healthy");
  EXPECT_EQ(verdict_of(with([](auto& status) { status.effective_window_ms = -1; })).word, "healthy") << "no partition";
}

TEST(Verdict, OfAnInstanceWithoutAPartitionIsSpareAndSaysWhyThatMayBe) {
  const Verdict verdict = verdict_of(with([](dedup::SlotStatus& status) {
    status.partitions.clear();
    status.effective_window_ms = -1;
  }));
  EXPECT_EQ(verdict.word, "spare");
  EXPECT_EQ(verdict.mood, Verdict::Mood::busy);
  EXPECT_EQ(verdict.reason,
            "no partition is assigned to this instance: others of the group serve them all, or the input has none "
            "left");
}

TEST(Verdict, OfAWindowWithoutItsHistoryNamesThePartitionAndWhenItIsWhole) {
  const auto lost = [](auto& status) {
    status.effective_window_ms = 0;
    status.partitions[1].covered_from_ms = dedup::nothing_covered;
  };
  const Verdict nothing = verdict_of(with(lost));
  EXPECT_EQ(nothing.word, "shortened");
  EXPECT_EQ(nothing.mood, Verdict::Mood::busy);
  EXPECT_EQ(nothing.reason,
            "the store covers 0ms of 1h: it knows the keys of orders[1] only from its next message on; whole again "
            "after 60 min of its messages' time");
  const Verdict some = verdict_of(with([](auto& status) {
    status.effective_window_ms = 1'800'000;
    status.store.evicted_before_ms = 1'699'999'000'000;  // long ago: not what shortens it
    status.store.evicted_entries = 5;
    status.partitions[0].stream_time_ms = 1'700'001'800'000;
    status.partitions[1].stream_time_ms = 1'700'001'800'000;
    status.partitions[1].covered_from_ms = 1'700'000'000'000;
  }));
  EXPECT_EQ(some.mood, Verdict::Mood::busy);
  EXPECT_EQ(some.reason,
            "the store covers 30m of 1h: it knows the keys of orders[1] only from 2023-11-14T22:13:20.000Z on; whole "
            "again after 30 min of its messages' time");
  EXPECT_EQ(verdict_of(with([&](auto& status) {
              lost(status);
              status.partitions[0].lag = usual_lag + 1;
            })).word,
            "shortened")
      << "duplicates are worse than lateness";
}

TEST(Verdict, OfAStoreThatWasFullBeforeItsRestartSaysSoUntilItsWindowIsWhole) {
  const auto was_full = [](auto& status) {
    status.effective_window_ms = 600'000;
    status.store.evicted_before_ms = 1'700'000'000'000;
    for (auto& one : status.partitions) one.stream_time_ms = 1'700'000'600'000;
  };
  const Verdict verdict = verdict_of(with(was_full));
  EXPECT_EQ(verdict.word, "shortened");
  EXPECT_EQ(verdict.mood, Verdict::Mood::busy);
  EXPECT_EQ(verdict.reason,
            "the store covers 10m of 1h: keys had left it early, when it was full, by a shorter ttl or after a power "
            "failure");
  EXPECT_EQ(verdict_of(with([&](auto& status) {
              was_full(status);
              status.store.evicted_entries = 1;
            })).mood,
            Verdict::Mood::bad)
      << "it is full again";
}

TEST(Verdict, OfAPauseSaysSinceWhenAndWhoAskedOnceNothingIsInFlight) {
  const auto paused = [](bool drained) {
    return with([&](auto& status) {
      status.pause = {"alice: new disks", 1'700'000'000'000, drained};
      if (drained) status.state = "paused";
    });
  };
  EXPECT_EQ(verdict_of(paused(false)).word, "healthy");
  EXPECT_EQ(verdict_of(paused(true)).word, "paused");
  EXPECT_EQ(verdict_of(paused(true)).reason, "since 2023-11-14T22:13:20.000Z, asked for by alice: new disks");
}

TEST(Verdict, NamesTheCheckThatFails) {
  Picture picture = healthy();
  picture.checks[1] = {"broker", false, "connection refused", 1'700'000'000'000};
  EXPECT_EQ(verdict_of(picture).word, "unready");
  EXPECT_EQ(verdict_of(picture).reason, "broker, since 2023-11-14T22:13:20.000Z: connection refused");
  picture.step_age_ms = step_bound.count() + 1;
  EXPECT_EQ(verdict_of(picture).word, "stuck");
  picture.phase = Phase::opening_store;
  EXPECT_EQ(verdict_of(picture).word, "starting");
  picture.phase = Phase::stopping;
  EXPECT_EQ(verdict_of(picture).word, "stopping");
}

TEST(StatusPage, SaysWhatANightOnCallNeeds) {
  const std::string page = page_of(with([](auto& status) {
    status.partitions[1].mode = dedup::PartitionMode::stopped;
    status.partitions[1].reason = "orders[1] offset 7 is rejected: go on with firstseen skip";
    status.counters.rejected_by_reason = {{"malformed_json", 3}};
  }));
  for (const char* text : {"<p class=\"verdict bad\">stopped</p>", "1 of 2 partitions waits for a person",
                           "orders[1] offset 7 is rejected: go on with firstseen skip", "rejected: malformed_json",
                           "25.0 % of 64MiB in use", "<pre>kafka:\n</pre>", "none since the start"}) {
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
}

TEST(StatusPage, CallsAPartitionThatGoesOnByItselfWaiting) {
  const std::string page = page_of(with([](auto& status) {
    status.partitions[1].mode = dedup::PartitionMode::stopped;
    status.partitions[1].waits = true;
    status.partitions[1].reason = "orders[1] has no leader";
  }));
  for (const char* text : {"<p class=\"verdict bad\">waiting</p>", "<td>orders[1]</td><td>waiting</td>",
                           "1 of 2 partitions waits, and goes on by itself later: orders[1] has no leader"}) {
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
  EXPECT_EQ(page.find("for a person"), std::string::npos);
}

TEST(StatusPage, SaysHowFarBehindAPartitionIsInMessagesAndInTime) {
  const std::string page = page_of(with([](auto& status) {
    status.partitions[0].lag = 1'234;
    status.partitions[0].lag_ms = 7'200'000;
    status.partitions[1].lag = -1;
    status.partitions[1].lag_ms = -1;
  }));
  EXPECT_NE(page.find("<td>1,234</td><td>2 h</td>"), std::string::npos) << page;
  EXPECT_NE(page.find("<td>-</td><td>-</td>"), std::string::npos) << page;
}

TEST(StatusPage, SaysWhatBatchesSpendTheirTimeOn) {
  const std::string page = page_of(with([](auto& status) {
    dedup::StepTimes times;
    times[dedup::BatchStep::prepare] = 4'000'000;
    times[dedup::BatchStep::commit] = 20'000'000'000;
    dedup::Timestamps timestamps;
    timestamps.add(1'000);
    status.measures.settle(times, timestamps, 1'040);
  }));
  EXPECT_NE(page.find("<td>batch: prepare</td><td>4 ms</td><td>5 ms</td>"), std::string::npos) << page;
  EXPECT_NE(page.find("<td>batch: commit</td><td>20 s</td><td>over 10 s</td>"), std::string::npos) << page;
  EXPECT_NE(page.find("<td>40 ms</td><td>50 ms</td>"), std::string::npos) << "a message's latency";
}

TEST(StatusPage, SaysWhenTheStoreWillBeFull) {
  const Picture picture = with([](auto& status) {
    status.store.live_entries = 800'000;
    status.store.newest_time_ms = 1'800'000;
    status.store.oldest_time_ms = 0;
    status.store.disk_free_bytes = 3LL << 30U;
  });
  std::vector<Sample> samples(2);
  samples[1].time_ms = samples[1].newest_key_ms = 60'000;
  samples[0].newest_key_ms = 0;
  const auto page_with = [&](std::uint64_t keys) {
    samples[1].keys_added = keys;
    return render({.picture = picture, .history = {.samples = samples}});
  };
  EXPECT_NE(page_with(6'000).find("<p class=\"good\">fits: at 100 keys/s a window of 1h takes"), std::string::npos);
  EXPECT_NE(page_with(6'000'000).find("<p class=\"busy\">full in 24 s: at 100,000 keys/s"), std::string::npos)
      << page_with(6'000'000);
  EXPECT_NE(page_with(6'000).find("3.00 GiB free on the disk"), std::string::npos);
  EXPECT_NE(page_of(picture).find("not known yet"), std::string::npos);
}

TEST(StatusPage, ShowsTheClientsOnceTheyAreKnown) {
  Picture picture = healthy();
  EXPECT_EQ(page_of(picture).find("<h2>Kafka</h2>"), std::string::npos);
  picture.clients[1] = {kafka::ClientFigures::Side::producer, 2, 1'500, 4'096, 0, 2'500, 9'000};
  EXPECT_NE(
      page_of(picture).find("<td>producer</td><td>2</td><td>1,500</td><td>4.00 KiB</td><td>2.5 ms</td><td>0</td>"),
      std::string::npos)
      << page_of(picture);
}

TEST(StatusPage, ShowsEachWindowOfRulesAndNoneWithoutRules) {
  const std::string page = page_of(with(test::add_windows_of_rules));
  EXPECT_NE(page.find("<tr><td>5m</td><td>calls web-calls</td><td>2m30s</td><td>40</td></tr>"), std::string::npos)
      << page;
  EXPECT_NE(page.find("<tr><td>1d</td><td>payments</td><td>1d</td><td>1,234</td></tr>"), std::string::npos) << page;
  EXPECT_NE(page.find("<p>5m configured, 2m30s covered</p>"), std::string::npos) << "of the one that is covered least";
  EXPECT_NE(page.find("<p class=\"verdict bad\">shortened</p>"), std::string::npos);
  EXPECT_EQ(page_of(healthy()).find("<th>rules</th>"), std::string::npos);
}

TEST(StatusPage, SaysOfEachWindowThatNoPartitionIsAssigned) {
  const std::string page = page_of(with([](dedup::SlotStatus& status) {
    test::add_windows_of_rules(status);
    status.partitions.clear();
    status.effective_window_ms = -1;
    for (dedup::WindowStatus& window : status.windows) window.effective_ms = -1;
  }));
  EXPECT_NE(page.find("<td>payments</td><td>no partition</td>"), std::string::npos) << page;
  EXPECT_NE(page.find("<td>calls web-calls</td><td>no partition</td>"), std::string::npos) << page;
}

/// Elements that are open at the end, or the first one that is closed in the wrong order.
std::vector<std::string> unbalanced(const std::string& html) {
  const std::regex tag("<(/?)([a-zA-Z0-9]+)([^>]*?)(/?)>");
  std::vector<std::string> open;
  for (std::sregex_iterator at(html.begin(), html.end(), tag), end; at != end; ++at) {
    const std::string name = (*at)[2];
    if (name == "meta" || (*at)[4] == "/") continue;
    if ((*at)[1] != "/") {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return {"</" + name};
    } else {
      open.pop_back();
    }
  }
  return open;
}

std::vector<std::string> links_of(const std::string& html) {
  const std::regex link("href=\"?([^\" >]*)");
  std::vector<std::string> found;
  for (std::sregex_iterator at(html.begin(), html.end(), link), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

TEST(StatusPage, IsWellFormedAndLoadsNothingAndRunsNothingWhateverNamesHold) {
  const std::string evil = "</pre><script src=http://evil/>\xff\"'";
  Picture picture = with([&](auto& status) {
    status.detail = evil;
    status.partitions[0].tp.topic = evil;
    status.partitions[0].reason = evil;
    status.counters.rejected_by_reason = {{evil, 1}};
    test::add_windows_of_rules(status);
    status.store.logs[0].windows = {evil};
  });
  picture.configuration = std::make_shared<const ShownConfiguration>(ShownConfiguration{evil, evil, 0});
  const std::string page =
      render({.picture = picture,
              .history = {.samples = {{0, 0, 0}, {10'000, 50, 5}}, .events = {{0, LogLevel::error, evil}}}});
  EXPECT_EQ(unbalanced(page), std::vector<std::string>{});
  for (const char* never : {"<script", "<link", "<img", "<iframe", "src=\"", "@import", "url(", "onclick"}) {
    EXPECT_EQ(page.find(never), std::string::npos) << never;
  }
  EXPECT_EQ(links_of(page), std::vector<std::string>{"?refresh=0"}) << "to itself";
}

TEST(StatusPage, ReloadsUntilItIsToldNotToAndOnceItIsToldToAgain) {
  const std::string reloads = "<meta http-equiv=\"refresh\" content=\"10\">";
  const std::string page = page_of(healthy());
  EXPECT_NE(page.find(reloads), std::string::npos);
  EXPECT_NE(page.find("<a href=\"?refresh=0\">Stop reloading</a>"), std::string::npos) << page;
  EXPECT_LT(page.find("<a "), page.find("<summary")) << "the first place that keys reach";
  const std::string still = render({.picture = healthy(), .history = {}, .stands_still = true});
  EXPECT_EQ(still.find("http-equiv=\"refresh\""), std::string::npos);
  EXPECT_EQ(links_of(still), std::vector<std::string>{"status"});
  EXPECT_NE(still.find(">Reload every 10 s</a>"), std::string::npos) << still;
  EXPECT_EQ(unbalanced(still), std::vector<std::string>{});
}

TEST(StatusPage, TellsReadersOfScreensItsLanguageItsContentAndWhatIsMeasured) {
  const std::string page = page_of(healthy());
  EXPECT_NE(page.find("<html lang=\"en\">"), std::string::npos);
  EXPECT_NE(page.find("<body>\n<main>\n<h1>"), std::string::npos);
  EXPECT_NE(page.find("</section>\n</main>\n<footer>"), std::string::npos);
  const std::regex unnamed("<(meter|svg)(?![^>]*aria-label=\"[^\"]+\")");
  EXPECT_NE(page.find("<meter"), std::string::npos);
  EXPECT_FALSE(std::regex_search(page, unnamed)) << page;
}

TEST(StatusPage, ShowsABoundedNumberOfPartitions) {
  const Picture picture = with([](auto& status) {
    for (int number = 2; number < 5'000; ++number) status.partitions.push_back(partition(number));
  });
  const std::string page = page_of(picture);
  EXPECT_NE(page.find("and 4,500 more: see /status.json"), std::string::npos);
  EXPECT_LT(page.size(), 200'000U);
}

TEST(StatusPage, IsThereInEveryPhase) {
  Picture picture = healthy();
  for (const Phase phase : {Phase::opening_store, Phase::waiting_for_broker, Phase::serving, Phase::stopping}) {
    picture.phase = phase;
    picture.status = std::make_shared<const dedup::SlotStatus>();
    EXPECT_EQ(unbalanced(page_of(picture)), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace firstseen::page
