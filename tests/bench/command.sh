# shellcheck shell=bash
# `./dev bench`, which sources this inside a function.

readonly bench_order=(store keys filter e2e profile defaults latency peers scale http scrape)
# The programs that each benchmark runs.
declare -grA bench_programs=(
  [store]="store_bench"
  [keys]="keys_bench"
  [filter]="firstseen"
  [e2e]="firstseen bare_loop fill_topic"
  [profile]="firstseen fill_topic"
  [defaults]="firstseen fill_topic"
  [latency]="firstseen bare_loop latency_probe"
  [peers]="firstseen bare_loop fill_topic"
  [scale]="firstseen fill_topic"
  [http]="firstseen fill_topic"
  [scrape]="firstseen fill_topic"
)

# What `bench show` runs: all that the goals of speed are stated for.
readonly bench_shown=(
  "store"
  "store --keys 100000000 --group contestants"
  "store --group sizes"
  "store --group windows"
  "store --group capped"
  "store --keys 100000000 --group growth"
  "store --keys 100000000 --group start"
  "e2e"
  "e2e --matrix"
  "profile"
  "defaults"
  "latency"
  "peers"
  "scale"
)

# run_bench NAME [ARGUMENT...]
run_bench() {
  local name=$1 programs script=$1
  shift
  [[ $name != http ]] || script=http_cost  # Python has a module http
  [[ -v bench_programs[$name] ]] || die "bench: no benchmark '$name'; there are: ${bench_order[*]}"
  read -ra programs <<<"${bench_programs[$name]}"
  case $name in
    store) setup_groups build unit store ;;
    keys | filter) setup_groups build unit ;;
    *)
      setup_groups build broker
      [[ $name != @(peers|profile) ]] || setup_groups "$name"
      prepare_broker_tools
      ;;
  esac
  build_targets release "${programs[@]}" >&2
  case $name in
    store | keys | filter) python3 "tests/bench/$name.py" "$@" ;;
    *) build/venv/bin/python "tests/bench/$script.py" "$@" ;;
  esac
}

bench_usage() {
  cat <<END
./dev bench [all] [--json] [--record]: measure with each of ${bench_order[*]}
./dev bench show [--json] [--record]: all that the goals are stated for; takes hours
./dev bench NAME [...]: measure with one; ./dev bench NAME --help tells what it takes

  --json    results as JSON on stdout, one document each; progress on stderr
  --record  write the results to tests/bench/RESULTS.md
END
}

# run_shown [ARGUMENT...]
run_shown() {
  local line words
  for line in "${bench_shown[@]}"; do
    read -ra words <<<"$line"
    phase "./dev bench $line" run_bench "${words[@]}" "$@"
  done
}

command_bench() {
  local name=all argument
  [[ ${1:--} == -* ]] || {
    name=$1
    shift
  }
  [[ $name == all || $name == show ]] || {
    run_bench "$name" "$@"
    return
  }
  for argument in "$@"; do
    case $argument in
      --json | --record) ;;
      -h | --help)
        bench_usage
        return
        ;;
      *) die "bench: all of them take --json and --record only, not '$argument'; name one for more" ;;
    esac
  done
  if [[ $name == show ]]; then
    run_shown "$@"
    return
  fi
  for name in "${bench_order[@]}"; do
    run_bench "$name" "$@"
  done
}
