#include "dedup/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dedup/back_off.h"
#include "dedup/rule.h"
#include "dedup/same_cluster.h"

namespace firstseen::dedup {

Session::Session(const Context& context, PublishStage& stage, SlotMemory& memory, SessionHooks hooks)
    : context_(context),
      stage_(stage),
      memory_(memory),
      hooks_(std::move(hooks)),
      access_(context, partitions_),
      leaders_(context),
      standing_ends_(context, partitions_, leaders_),
      fresh_ends_(context, partitions_),
      intake_(context, partitions_, batch_, memory.suspects, memory.skipped),
      standstill_(context.clock) {}

Result<Session::Stepped> Session::step() {
  auto stepped = Result<void>{};
  if (const auto over = waited(); !over) {
    stepped = forward(over.error());
  } else if (*over) {
    stepped = step_phase();
  } else {
    return Stepped::more;
  }
  if (!stepped) {
    if (const auto handled = on_error(stepped.error()); !handled) return forward(handled.error());
  }
  if (phase_ == Phase::left) return Stepped::left;
  look_for_standstill();
  return Stepped::more;
}

/// The taking phase looks at the clock itself; outside it nothing else is done in a back-off. Returns whether there is
/// something to be done.
Result<bool> Session::waited() {
  if (!backing_off() || phase_ == Phase::taking) return true;
  const std::int64_t left = resume_at_ms_ - context_.clock.steady_ms();
  if (context_.stop.requested()) {
    phase_ = Phase::left;
  } else if (left > 0) {
    if (auto listened = listen(Millis{left}); !listened) return forward(listened.error());
    return false;
  }
  resume_at_ms_ = -1;
  return true;
}

Result<void> Session::step_phase() {
  switch (phase_) {
    case Phase::initialise:
      return initialise();
    case Phase::rule:
      return rule();
    case Phase::taking:
      return taking();
    case Phase::aborting:
      return aborting();
    case Phase::falling:
      return falling();
    case Phase::asking:
      return asking();
    case Phase::rebuilding:
      return rebuilding();
    case Phase::left:
      break;
  }
  return {};
}

/// Restart and stop go up; everything else ends the unfinished batches and is tried again later.
Result<void> Session::on_error(const Error& error) {
  if (error.action == Action::restart || error.action == Action::stop) return forward(error);
  standstill_.fail(++failures_in_a_row_, error.action == Action::pause);
  detail_ = error.message;
  const bool to_abort = batch_.is_open() || in_flight_failed_;
  if (to_abort && phase_ != Phase::aborting && phase_ != Phase::falling) {
    start_abort(error.message);
    return {};
  }
  if (assigned_ && phase_ == Phase::taking) {  // what was fetched but not taken is fetched again
    std::vector<Position> positions;
    for (const auto& [tp, partition] : partitions_) {
      if (partition.running()) positions.push_back({tp, partition.fetch_from()});
    }
    if (auto rewound = context_.consumer.rewind(positions); !rewound) return rewound;
  }
  return back_off(error.message);
}

Result<void> Session::initialise() {
  if (auto heard = hear(); !heard) return heard;
  if (initialised_) {
    phase_ = Phase::rule;
  } else if (context_.stop.requested()) {
    phase_ = Phase::left;
  } else {
    await();
  }
  return {};
}

Result<void> Session::rule() {
  if (!same_cluster_) {
    const auto checked = check_cluster(context_);
    if (!checked) return forward(checked.error());
    if (*checked == kafka::Progress::again) {
      return fail(Action::retry, Exit::unavailable, no_cluster_id);
    }
    same_cluster_ = true;
    failures_in_a_row_ = 0;
    standstill_.end();
    detail_.clear();
  }
  const auto ruling = apply_decision_rule(context_);
  if (!ruling) return forward(ruling.error());
  if (*ruling == Ruling::unanswered) {
    if (context_.stop.requested()) phase_ = Phase::left;
    return {};
  }
  if (*ruling == Ruling::stands) memory_.counters.add(memory_.in_doubt);
  memory_.in_doubt = Counters{};
  context_.at(Step::started);
  if (auto subscribed = context_.consumer.subscribe(context_.options.topics); !subscribed) return subscribed;
  phase_ = Phase::taking;
  return {};
}

std::string Session::state() const {
  if (phase_ == Phase::initialise || phase_ == Phase::rule) return "starting";
  if (backing_off()) return "paused";
  if (phase_ == Phase::rebuilding) return "rebuilding";
  if (held_) return "paused";
  if (phase_ == Phase::asking) return "starting";
  if (!joined_ || !assigned_) return "joining";
  return standstill_.holds() ? "paused" : "running";
}

const std::string& Session::detail() const {
  const bool asks = phase_ == Phase::asking && !backing_off() && !assignment_->unanswered().empty();
  if (asks) return assignment_->unanswered();
  return standstill_.is_late() ? standstill_.words() : detail_;
}

void Session::note_known_ends() {
  if (held_) return;
  const std::int64_t now_ms = context_.clock.wall_ms();
  for (auto& [tp, partition] : partitions_) {
    if (partition.is_fetched()) partition.see_end(context_.consumer.known_end(tp).value_or(-1), now_ms);
  }
}

Result<void> Session::back_off(const std::string& why) {
  const std::int64_t wait = back_off_ms(failures_in_a_row_);
  resume_at_ms_ = context_.clock.steady_ms() + wait;
  detail_ = why;
  context_.log(LogLevel::warning, fmt::format("{}; trying again in {} ms", why, wait));
  if (!assigned_) {
    // The group may move on meanwhile, and says so only to a member that has answered.
    const bool unanswered = phase_ == Phase::taking && to_assign_ && !rebalance_;
    return unanswered ? context_.consumer.assign({}) : Result<void>{};
  }
  for (auto& [tp, partition] : partitions_) partition.at_end = false;  // resuming tells the end anew
  return context_.consumer.pause(partitions_.running());
}

Result<void> Session::end_back_off() {
  resume_at_ms_ = -1;
  if (!assigned_) return {};
  return let_fetch(partitions_.running());
}

/// What the client could not follow leaves the partition stopped, so that a person can ask again.
Result<void> Session::go_on(Partition& partition) {
  if (assigned_) {  // otherwise it is about to be
    const std::vector<Position> position{{partition.tp, partition.state.next_offset}};
    if (auto rewound = context_.consumer.rewind(position); !rewound) return rewound;
    if (auto fetched = let_fetch({partition.tp}); !fetched) return fetched;
  }
  partition.run_again();
  partition.at_end = false;
  partition.stopped_at = -1;
  return {};
}

}  // namespace firstseen::dedup
