# shellcheck shell=bash disable=SC2154
# `./dev test`, which sources this inside a function.

readonly default_tiers=(unit component broker crash deploy sanitizers)

# run_ctest PRESET LABELS [ARGUMENT...]: LABELS is a regular expression. Eight tests per core, since most wait.
# Then why cases were skipped, which ctest does not say.
run_ctest() {
  local preset=$1 labels=$2 status=0
  shift 2
  local log=build/$preset/Testing/Temporary/LastTest.log
  rm -f "$log"
  ctest --test-dir "build/$preset" -L "$labels" -j "$((8 * jobs))" --output-on-failure --no-tests=error "$@" || status=$?
  python3 tests/harness/left_out.py "$log"
  return "$status"
}

# run_pytest FOLDER [ARGUMENT...]: all in there, unless an argument names a part of it.
run_pytest() {
  local folder=$1 argument which=("$1")
  shift
  for argument in "$@"; do
    [[ $argument != "$folder"/* ]] || which=()
  done
  build/venv/bin/python -m pytest -n "$((jobs < 4 ? jobs : 4))" "${which[@]}" "$@"
}

# run_sanitizer asan|tsan [ARGUMENT...]: the unit and component tiers, built by Clang with that sanitizer.
run_sanitizer() {
  local preset=$1
  shift
  local suppressions=$PWD/tests/sanitizers
  local -x ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
  local -x LSAN_OPTIONS=suppressions=$suppressions/lsan.supp:print_suppressions=0
  local -x UBSAN_OPTIONS=print_stacktrace=1
  local -x TSAN_OPTIONS=suppressions=$suppressions/tsan.supp:ignore_noninstrumented_modules=1:second_deadlock_stack=1
  # The unit tier has run all of them.
  local -x FIRSTSEEN_SIM_RUNS=${FIRSTSEEN_SIM_RUNS:-400} FIRSTSEEN_STORE_RUNS=${FIRSTSEEN_STORE_RUNS:-5}
  phase "build $preset" build_targets "$preset" tests
  phase "unit and component tests under $preset" run_ctest "$preset" 'unit|component' "$@"
}

# Taken as they are if they were made of the very same sources, packages of Debian and settings. Where they cannot be made,
# there are none: their tests fail, the others run.
packages_to_test() {
  local inputs
  inputs=$(inputs_of_packages)
  if [[ $(cat build/deb/inputs 2>/dev/null) == "$inputs" ]] && compgen -G 'build/packages/*.deb' >/dev/null; then
    say "== the Debian packages are up to date"
    return
  fi
  rm -rf build/packages
  ./dev package deb || rm -rf build/packages
}

# deploy/image/build compiles anew what has changed, and assembles the image in any case: none is older than the sources. An
# earlier one goes first. Why there is none is left in build/image/failure, which the image's tests read: where it failed, they
# fail, and where what it takes cannot be had (69), they are left out. The others run.
image_to_test() {
  local place=build/image log=build/image-to-test.log status=0
  ((EUID != 0)) || rm -rf "$place"/{oci,firstseen.oci.tar,firstseen.cdx.json,failure}
  ./dev package image 2>&1 | tee "$log" >&2 || status=$?
  if ((status != 0 && status != 69)) && [[ ! -s $place/failure ]]; then
    mkdir -p "$place"
    echo "$status $(tail -n 1 "$log")" >"$place/failure"
  fi
}

# run_tier TIER [ARGUMENT...]
run_tier() {
  local tier=$1
  shift
  case $tier in
    unit | component)
      phase "build the tests" build_targets release tests
      phase "$tier tests" run_ctest release "^$tier\$" "$@"
      ;;
    broker)
      phase "build" build_targets release firstseen bare_loop fill_topic latency_probe
      phase "broker tests" run_pytest tests/broker "$@"
      ;;
    crash)
      phase "build" build_targets release firstseen bare_loop
      phase "crash tests ($*)" build/venv/bin/python tests/crash/run.py "$@"
      ;;
    deploy)
      phase "build" build_targets release firstseen
      [[ -v FIRSTSEEN_PACKAGES ]] || packages_to_test
      [[ -v FIRSTSEEN_IMAGE ]] || image_to_test
      phase "deploy tests" run_pytest tests/deploy "$@"
      ;;
    cluster) phase "cluster tests" build/venv/bin/python tests/cluster/run.py "$@" ;;
    asan | tsan) run_sanitizer "$tier" "$@" ;;
  esac
}

# run_each TIER... -- [ARGUMENT...]: a process for each, so that one that fails does not keep the next from running.
run_each() {
  local each words told failed=() tiers=()
  while [[ $1 != -- ]]; do
    tiers+=("$1")
    shift
  done
  trap 'die "test: interrupted"' INT  # else the next one would run
  for each in "${tiers[@]}"; do
    read -ra words <<<"$each"
    ./dev test "${words[@]}" "$@" || failed+=("$each")
  done
  ((${#failed[@]})) || return 0
  printf -v told '%s, ' "${failed[@]}"
  die "test: failed: ${told%, }"
}

command_test() {
  local tiers=() parts=() tier groups=(build)
  while (($#)) && [[ $1 != -- ]]; do
    tiers+=("$1")
    shift
  done
  (($#)) && shift
  if [[ "${tiers[*]}" == "crash "@(daemon|ingest) ]]; then  # which of its parts
    set -- "${tiers[1]}" "$@"
    tiers=(crash)
  fi
  ((${#tiers[@]})) || tiers=("${default_tiers[@]}")
  (($# && ${#tiers[@]} > 1)) && die "test: words after -- go to one runner; name one tier"
  for tier in "${tiers[@]}"; do
    case $tier in
      crash) if (($#)); then parts+=(crash); else parts+=("crash daemon" "crash ingest"); fi ;;
      sanitizers) parts+=(asan tsan) ;;
      *) parts+=("$tier") ;;
    esac
    case $tier in
      unit) groups+=(unit) ;;
      component) groups+=(unit component) ;;
      broker | crash) groups+=(unit broker) ;;
      deploy) groups+=(broker package image deploy) ;;
      cluster) groups+=(broker cluster) ;;
      sanitizers | asan | tsan) groups+=(unit sanitizers) ;;
      *) die "test: no tier '$tier'; there are: unit component broker crash deploy cluster sanitizers asan tsan" ;;
    esac
  done
  setup_groups "${groups[@]}"
  if ((${#parts[@]} > 1)); then
    run_each "${parts[@]}" -- "$@"
    return
  fi
  [[ " ${groups[*]} " == *" broker "* ]] && prepare_broker_tools
  run_tier "${parts[0]}" "$@"
}
