#include "top_command.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/units.h"
#include "control/client.h"
#include "output.h"
#include "status_report.h"
#include "store_layout.h"
#include "target.h"
#include "top/frame.h"
#include "top/rates.h"
#include "top/terminal.h"
#include "top/view.h"

namespace firstseen {
namespace {

/// A daemon answers at once; one that is being stopped in a debugger must not stop the screen for long.
constexpr Millis ask_limit{2'000};

struct TopArguments {
  Target target;
  std::string interval = "1s";
  bool once = false;
};

/// What one daemon says, again and again.
class Watch {
 public:
  explicit Watch(std::filesystem::path store) : store_(std::move(store)) {}

  /// Asks it. Of a daemon that does not answer the last word stays.
  Result<void> look() {
    auto status = control::ask(control_socket(store_), {{"command", "status"}}, ask_limit);
    view_.store = store_.string();
    view_.wall_ms = clock_.wall_ms();
    if (!status) {
      view_.trouble = status.error().message;
      view_.rates = {};
      answered_ = false;
      return forward(status.error());
    }
    top::Sample sample{std::move(*status), clock_.steady_ms()};
    view_.rates = answered_ ? top::Rates(*view_.now, sample) : top::Rates();
    view_.now = std::move(sample);
    view_.trouble.clear();
    answered_ = true;
    return {};
  }

  [[nodiscard]] const top::View& view() const { return view_; }

 private:
  SystemClock clock_;
  std::filesystem::path store_;
  top::View view_;
  bool answered_ = false;  ///< the last time
};

/// One frame, with the rates of an interval.
Exit print_once(Watch& watch, Millis interval) {
  constexpr std::size_t every_row = 100'000;
  if (auto first = watch.look(); !first) return report(first.error());
  ::poll(nullptr, 0, static_cast<int>(interval.count()));
  if (auto second = watch.look(); !second) return report(second.error());
  const Exit printed = print(top::plain(top::show(watch.view(), every_row)));
  return printed == Exit::ok ? health_of(watch.view().now->status) : printed;
}

Exit run_live(Watch& watch, Millis interval) {
  const SystemClock clock;
  top::Terminal terminal;
  while (true) {
    static_cast<void>(watch.look());  // what is wrong stands in the view
    const std::int64_t next_ms = clock.steady_ms() + interval.count();
    do {
      const top::Size size = terminal.size();
      auto drawn = terminal.write(top::drawn(top::show(watch.view(), size.rows), size));
      if (!drawn) return report(drawn.error());
      const Millis left{std::max<std::int64_t>(0, next_ms - clock.steady_ms())};
      if (terminal.wait(left) == top::Terminal::Event::leave) return Exit::ok;
    } while (clock.steady_ms() < next_ms);
  }
}

Exit show_top(const TopArguments& arguments) {
  const auto interval = parse_duration(arguments.interval);
  if (!interval) return report({Action::stop, Exit::usage, "--interval: " + interval.error().message});
  if (*interval < Millis{100} || *interval > Millis{3'600'000}) {
    return report({Action::stop, Exit::usage, "--interval: must be from 100ms to 1h"});
  }
  const auto path = store_path(arguments.target);
  if (!path) return report(path.error());
  Watch watch(*path);
  return arguments.once || !top::Terminal::exists() ? print_once(watch, *interval) : run_live(watch, *interval);
}

}  // namespace

void add_top(CLI::App& program, Chosen& chosen) {
  auto* command = program.add_subcommand("top", "Show a running daemon live in the terminal");
  command->footer(
      "q or Ctrl-C leaves. A daemon that is gone is asked again until it answers. Where the output is no terminal, or\n"
      "with --once, two looks make one frame. Exit status: 0 live; of --once that of 'firstseen status'.");
  const auto arguments = std::make_shared<TopArguments>();
  add_target(*command, {arguments, &arguments->target});
  command->add_option("--interval", arguments->interval, "Between two looks, 100ms to 1h")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_flag("--once", arguments->once, "Print one frame and leave");
  command->callback([&chosen, arguments] { chosen = [arguments] { return show_top(*arguments); }; });
}

}  // namespace firstseen
